//! Which Secrets and ConfigMaps a monitor refers to, and whether they are there.

use super::Question;
use crate::engine::reach::{Step, Verdict};
use crate::engine::scrape::monitor::View;
use crate::model::finding::Family;
use crate::model::resource::Inlining;
use crate::model::resource::discovery::Discovery;
use crate::model::resource::endpoint::ScrapedEndpoint;
use crate::model::resource::http_client::{HttpClient, KeySelector, OAuth2, SecretOrConfigMap, TlsConfig};
use crate::model::{FieldPath, Resource, RuleId};

/// A Secret or ConfigMap, or a key of one, is missing.
const MISSING: RuleId = RuleId::new(Family::ScrapeMonitor, 10);

/// A key that a monitor refers to, and where.
pub(super) struct Reference<'m> {
    resource: Resource,
    name: &'m str,
    key: &'m str,
    path: FieldPath,
}

impl Question<'_, '_> {
    /// What is missing, or may be, in the order of the monitor's fields.
    pub(super) fn references(&self, view: &View<'_>) -> Vec<Step> {
        of(view).iter().filter_map(|reference| self.reference(reference)).collect()
    }

    fn reference(&self, Reference { resource, name, key, path }: &Reference<'_>) -> Option<Step> {
        let namespace = self.monitor.kept.namespace();
        let object = format!("{} {namespace}/{name}", resource.kind());
        match self.snapshot.has_key(*resource, namespace, name, key) {
            Some(true) => None,
            Some(false) => {
                let reason = format!("{object} has no key {key:?}, so that the operator leaves it out");
                Some(self.by_monitor(Verdict::Blocked, path.clone(), reason).rule(MISSING))
            }
            None => {
                let reason = format!("{object} is not given, so that nobody knows whether its key {key:?} is there");
                Some(self.by_monitor(Verdict::Unknown, path.clone(), reason))
            }
        }
    }
}

/// All keys that the operator looks up. Those that name nothing are refused elsewhere.
fn of<'m>(view: &'m View<'_>) -> Vec<Reference<'m>> {
    let mut found = Found(Vec::new());
    let spec = FieldPath::of("spec");
    match view {
        View::Pod(monitor) => {
            found.endpoints(&monitor.spec.pod_metrics_endpoints, &spec.key("podMetricsEndpoints"));
        }
        View::Service(monitor) => found.endpoints(&monitor.spec.endpoints, &spec.key("endpoints")),
        View::Probe(probe) => {
            found.token(&probe.spec.inlined, &spec);
            found.client(&probe.spec.inlined, &spec);
            found.headers(&probe.spec.prober.inlined, &spec.key("prober"));
        }
        View::Config(config) => {
            found.client(&config.spec.inlined, &spec);
            found.headers(&config.spec.inlined, &spec);
            found.sections(&config.spec.kubernetes_sd_configs, &spec.key("kubernetesSDConfigs"));
            found.sections(&config.spec.http_sd_configs, &spec.key("httpSDConfigs"));
            found.sections(&config.spec.consul_sd_configs, &spec.key("consulSDConfigs"));
        }
    }
    found.0
}

struct Found<'m>(Vec<Reference<'m>>);

impl<'m> Found<'m> {
    fn endpoints(&mut self, endpoints: &'m [ScrapedEndpoint<'_>], list: &FieldPath) {
        for (index, endpoint) in endpoints.iter().enumerate() {
            let path = list.index(index);
            self.token(&endpoint.inlined, &path);
            self.client(&endpoint.inlined, &path);
            self.headers(&endpoint.inlined, &path);
        }
    }

    fn sections(&mut self, sections: &'m [Discovery<'_>], list: &FieldPath) {
        for (index, section) in sections.iter().enumerate() {
            let path = list.index(index);
            self.client(&section.inlined, &path);
            self.headers(&section.inlined, &path);
            if let Some(token) = &section.token_ref {
                self.secret(token, path.key("tokenRef"));
            }
        }
    }

    fn token(&mut self, client: &'m HttpClient<'_>, path: &FieldPath) {
        if let Some(token) = &client.bearer_token_secret {
            self.secret(token, path.key("bearerTokenSecret"));
        }
    }

    fn client(&mut self, client: &'m HttpClient<'_>, path: &FieldPath) {
        if let Some(basic) = &client.basic_auth {
            self.secret(&basic.username, path.key("basicAuth").key("username"));
            self.secret(&basic.password, path.key("basicAuth").key("password"));
        }
        if let Some(tls) = &client.tls_config {
            self.tls(tls, &path.key("tlsConfig"));
        }
        if let Some(oauth2) = client.oauth2.as_deref() {
            self.oauth2(oauth2, &path.key("oauth2"));
        }
        if let Some(credentials) = client.authorization.as_ref().and_then(|it| it.credentials.as_ref()) {
            self.secret(credentials, path.key("authorization").key("credentials"));
        }
    }

    fn oauth2(&mut self, oauth2: &'m Inlining<OAuth2<'_>, HttpClient<'_>>, path: &FieldPath) {
        self.either(&oauth2.client_id, &path.key("clientId"));
        self.secret(&oauth2.client_secret, path.key("clientSecret"));
        self.headers(&oauth2.inlined, path);
        if let Some(tls) = &oauth2.inlined.tls_config {
            self.tls(tls, &path.key("tlsConfig"));
        }
    }

    fn tls(&mut self, tls: &'m TlsConfig<'_>, path: &FieldPath) {
        self.either(&tls.ca, &path.key("ca"));
        self.either(&tls.cert, &path.key("cert"));
        if let Some(key) = &tls.key_secret {
            self.secret(key, path.key("keySecret"));
        }
    }

    fn headers(&mut self, client: &'m HttpClient<'_>, path: &FieldPath) {
        for (name, values) in &client.proxy_connect_header {
            for (index, value) in values.iter().enumerate() {
                self.secret(value, path.key("proxyConnectHeader").key(name).index(index));
            }
        }
    }

    fn either(&mut self, either: &'m SecretOrConfigMap<'_>, path: &FieldPath) {
        if let Some(secret) = &either.secret {
            self.secret(secret, path.key("secret"));
        } else if let Some(map) = &either.config_map {
            self.key(Resource::ConfigMap, map, path.key("configMap"));
        }
    }

    fn secret(&mut self, selector: &'m KeySelector<'_>, path: FieldPath) {
        self.key(Resource::Secret, selector, path);
    }

    fn key(&mut self, resource: Resource, selector: &'m KeySelector<'_>, path: FieldPath) {
        if selector.is_complete() {
            self.0.push(Reference { resource, name: &selector.name, key: &selector.key, path });
        }
    }
}
