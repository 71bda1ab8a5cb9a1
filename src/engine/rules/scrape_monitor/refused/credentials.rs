//! Who the client is.

use super::{Owner, proxy, tls};
use crate::engine::rules::findings::Findings;
use crate::model::FieldPath;
use crate::model::resource::Inlining;
use crate::model::resource::http_client::{Authorization, HttpClient, KeySelector, OAuth2, SecretOrConfigMap};

pub(super) fn check(client: &HttpClient<'_>, owner: Owner, path: &FieldPath, findings: &mut Findings<'_>) {
    let of_endpoint = matches!(owner, Owner::PodMonitor | Owner::ServiceMonitor);
    if of_endpoint {
        several(client, path, findings);
    }
    if let Some(basic) = &client.basic_auth {
        let path = path.key("basicAuth");
        key(&basic.username, &path.key("username"), findings);
        key(&basic.password, &path.key("password"), findings);
    }
    if let Some(settings) = &client.authorization {
        authorization(settings, of_endpoint, &path.key("authorization"), findings);
    }
    if let Some(settings) = &client.oauth2 {
        oauth2(settings, &path.key("oauth2"), findings);
    }
    if let Some(token) = client.bearer_token_secret.as_ref().filter(|token| is_looked_up(token, owner)) {
        key(token, &path.key("bearerTokenSecret"), findings);
    }
}

fn several(client: &HttpClient<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    let given = [
        ("authorization", client.authorization.is_some()),
        ("basicAuth", client.basic_auth.is_some()),
        ("oauth2", client.oauth2.is_some()),
        ("bearerTokenSecret", client.bearer_token_secret.is_some()),
    ];
    let mut given = given.into_iter().filter_map(|(field, given)| given.then_some(field));
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        findings.report(
            path.key(second),
            format!("{second} cannot stand beside {first}"),
            format!("keep one way to authenticate: {first} or {second}"),
        );
    }
}

/// Outside endpoints nobody looks at an authorization without credentials.
fn authorization(settings: &Authorization<'_>, of_endpoint: bool, path: &FieldPath, findings: &mut Findings<'_>) {
    let credentials = settings.credentials.as_ref();
    let is_basic = settings.kind.as_deref().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("basic"));
    if is_basic && (of_endpoint || credentials.is_some()) {
        findings.report(path.key("type"), "authorization cannot be of type Basic", "use basicAuth instead");
    }
    match credentials {
        None if of_endpoint => findings.report(
            path.key("credentials"),
            "authorization without credentials",
            "add credentials: {name: <Secret>, key: <key in it>}, or remove authorization",
        ),
        Some(credentials) if !credentials.name.is_empty() => key(credentials, &path.key("credentials"), findings),
        _ => {}
    }
}

fn oauth2(settings: &Inlining<OAuth2<'_>, HttpClient<'_>>, path: &FieldPath, findings: &mut Findings<'_>) {
    if settings.token_url.is_empty() {
        findings.report(path.key("tokenUrl"), "oauth2 without tokenUrl", "add tokenUrl: <who gives the token>");
    }
    if settings.client_id.is_empty() {
        let fix = "add clientId: {secret: {name: <Secret>, key: <key in it>}}";
        findings.report(path.key("clientId"), "oauth2 without clientId", fix);
    }
    source(&settings.client_id, &path.key("clientId"), findings);
    key(&settings.client_secret, &path.key("clientSecret"), findings);
    if let Some(settings) = &settings.inlined.tls_config {
        tls::check(settings, false, &path.key("tlsConfig"), findings);
    }
    proxy::check(&settings.inlined, path, findings);
}

/// An endpoint may have a token that names nothing; then there is none.
fn is_looked_up(token: &KeySelector<'_>, owner: Owner) -> bool {
    match owner {
        Owner::Probe => true,
        Owner::ServiceMonitor => !token.name.is_empty(),
        Owner::PodMonitor | Owner::ScrapeConfig => false,
    }
}

pub(super) fn source(source: &SecretOrConfigMap<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    if source.secret.is_some() && source.config_map.is_some() {
        let fix = "remove configMap, or secret if the ConfigMap is meant";
        findings.report(path.key("configMap"), "configMap cannot stand beside secret", fix);
    }
    for (field, named) in [("secret", &source.secret), ("configMap", &source.config_map)] {
        if let Some(named) = named {
            key(named, &path.key(field), findings);
        }
    }
}

pub(super) fn key(selector: &KeySelector<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    if !selector.is_complete() {
        let missing = if selector.name.is_empty() { "name" } else { "key" };
        findings.report(path.key(missing), format!("no {missing} to look up"), format!("add {missing}"));
    }
}
