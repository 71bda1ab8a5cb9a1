//! What a pool's TLS settings amount to for the mesh.

use crate::engine::reach::mesh::ClientTls;
use crate::engine::scrape::prometheus::{ScrapeClass, Settings};
use crate::engine::scrape::{RelabelingStep, ScrapePool, Target};
use crate::model::relabeling::Action;
use crate::model::resource::http_client::TlsConfig;

/// The label that decides between http and https for one target.
const SCHEME: &str = "__scheme__";

/// What of a scrape is wrapped in TLS, and with whose certificate, if it goes by https.
pub(super) fn of_https(
    own: Option<&TlsConfig<'_>>,
    class: Option<&ScrapeClass<'_>>,
    settings: &Settings<'_>,
) -> ClientTls {
    let class = class.and_then(|class| class.tls_config.as_ref());
    // A file of the class serves where the monitor gives neither file nor reference (`mergeTLSConfigWithScrapeClass`).
    let (certificate, key) = match (own, class) {
        (None, class) => (class.and_then(certificate), class.and_then(key)),
        (Some(own), class) => (
            certificate(own).or_else(|| class.and_then(|class| file(class.cert_file.as_deref()))),
            key(own).or_else(|| class.and_then(|class| file(class.key_file.as_deref()))),
        ),
    };
    match (certificate, key) {
        (None, None) => ClientTls::None,
        (Some(Material::File(certificate)), Some(Material::File(key)))
            if settings.is_of_the_mesh(certificate) && settings.is_of_the_mesh(key) =>
        {
            ClientTls::IstioCertificates
        }
        _ => ClientTls::Unknown,
    }
}

/// The same for a pool of this scheme, whose targets may have another after these steps.
pub(super) fn of_scheme(scheme: &str, https: ClientTls, steps: &[RelabelingStep]) -> ClientTls {
    match (scheme, https) {
        (_, ClientTls::None) => ClientTls::None,
        _ if steps.iter().any(may_write_scheme) => ClientTls::Unknown,
        ("https", https) => https,
        _ => ClientTls::None,
    }
}

fn may_write_scheme(step: &RelabelingStep) -> bool {
    let target = step.step.config().target();
    match step.step.action() {
        Action::LabelMap | Action::LabelDrop | Action::LabelKeep => true,
        Action::Keep | Action::Drop | Action::KeepEqual | Action::DropEqual => false,
        _ => target == SCHEME || target.contains('$'),
    }
}

enum Material<'t> {
    File(&'t str),
    Reference,
}

fn certificate<'t>(settings: &'t TlsConfig<'_>) -> Option<Material<'t>> {
    file(settings.cert_file.as_deref()).or_else(|| (!settings.cert.is_empty()).then_some(Material::Reference))
}

fn key<'t>(settings: &'t TlsConfig<'_>) -> Option<Material<'t>> {
    file(settings.key_file.as_deref()).or_else(|| settings.key_secret.as_ref().map(|_| Material::Reference))
}

fn file(name: Option<&str>) -> Option<Material<'_>> {
    name.filter(|name| !name.is_empty()).map(Material::File)
}

impl ScrapePool {
    /// What Prometheus does about TLS by itself when it scrapes this target, whose scheme relabeling may have changed.
    pub fn tls_of(&self, target: &Target<'_>) -> ClientTls {
        if target.scrape_url.starts_with("http://") { ClientTls::None } else { self.tls }
    }
}
