//! Through which proxy the client goes.

use super::credentials::key;
use crate::engine::rules::findings::Findings;
use crate::model::resource::http_client::HttpClient;
use crate::model::{FieldPath, Text, url};

pub(super) fn check(client: &HttpClient<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    let written = |text: &Option<Text<'_>>| text.as_ref().is_some_and(|text| !text.is_empty());
    let (own, direct) = (written(&client.proxy_url), written(&client.no_proxy));
    let environment = client.proxy_from_environment == Some(true);
    if own && environment {
        let fix = "remove proxyUrl or proxyFromEnvironment";
        findings.report(path.key("proxyUrl"), "proxyUrl cannot stand beside proxyFromEnvironment", fix);
    }
    if direct && environment {
        let fix = "remove noProxy: the environment has a NO_PROXY of its own";
        findings.report(path.key("noProxy"), "noProxy cannot stand beside proxyFromEnvironment", fix);
    } else if direct && !own {
        findings.report(path.key("noProxy"), "noProxy without proxyUrl", "add proxyUrl, or remove noProxy");
    }
    if client.proxy_url.as_deref().is_some_and(|proxy| !url::is_url(proxy)) {
        let fix = "write proxyUrl: <http, https or socks5>://<host>:<port>";
        findings.report(path.key("proxyUrl"), "proxyUrl is no URL", fix);
    }
    headers(client, own || environment, path, findings);
}

fn headers(client: &HttpClient<'_>, has_proxy: bool, path: &FieldPath, findings: &mut Findings<'_>) {
    let path = path.key("proxyConnectHeader");
    if !client.proxy_connect_header.is_empty() && !has_proxy {
        let fix = "add proxyUrl, or remove proxyConnectHeader";
        findings.report(path.clone(), "proxyConnectHeader without a proxy", fix);
    }
    for (name, values) in &client.proxy_connect_header {
        if values.is_empty() {
            findings.report(path.key(name), "a header without a value", "add {name: <Secret>, key: <key in it>}");
        }
        for (index, value) in values.iter().enumerate() {
            key(value, &path.key(name).index(index), findings);
        }
    }
}
