//! Files that a monitor names and no Prometheus has.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::tls::tls_configs;
use crate::engine::rules::Monitor;
use crate::engine::rules::cluster::{Cluster, ClusterFindings};
use crate::engine::rules::monitor::{each_monitor, shortened};
use crate::engine::rules::prometheus::given::{Given, given};
use crate::model::resource::http_client::TlsConfig;
use crate::model::resource::tolerant;
use crate::model::{FieldPath, ObjectReference, Resource, Text};

/// The operator mounts Secrets and ConfigMaps here, by their names (`pkg/prometheus/common.go`).
const SECRETS: &str = "/etc/prometheus/secrets";
const CONFIG_MAPS: &str = "/etc/prometheus/configmaps";
/// What is in the image, and what the operator and Kubernetes mount.
const ALWAYS_THERE: [&str; 6] = ["/var/run/secrets", "/run/secrets", "/etc/ssl", "/etc/pki", "/usr", "/prometheus"];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct View<'s> {
    #[serde(borrow, deserialize_with = "tolerant")]
    secrets: Vec<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    config_maps: Vec<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    scrape_classes: Vec<ScrapeClass<'s>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ScrapeClass<'s> {
    #[serde(borrow, deserialize_with = "tolerant")]
    tls_config: Option<TlsConfig<'s>>,
}

pub(super) fn are_not_mounted(cluster: &Cluster<'_, '_>, findings: &mut ClusterFindings<'_>) {
    let all = given(cluster);
    if all.is_empty() || cluster.may_lack(&[Resource::Prometheus, Resource::PrometheusAgent]) {
        return;
    }
    let mounted: BTreeSet<String> = all.iter().flat_map(mounts).collect();
    each_monitor(cluster, |kept, monitor| {
        if matches!(monitor, Monitor::Service(_)) {
            for (path, tls) in tls_configs(&monitor) {
                check(&kept.reference, &path, tls, &mounted, findings);
            }
        }
    });
    for prometheus in &all {
        let mounted: BTreeSet<String> = mounts(prometheus).collect();
        let classes = prometheus.spec::<View<'_>>().scrape_classes.into_iter().enumerate();
        for (index, tls) in classes.filter_map(|(index, class)| Some((index, class.tls_config?))) {
            let path = FieldPath::of("spec.scrapeClasses").index(index).key("tlsConfig");
            check(&prometheus.kept.reference, &path, &tls, &mounted, findings);
        }
    }
}

/// The directories that are mounted into the container of Prometheus.
fn mounts(prometheus: &Given<'_>) -> impl Iterator<Item = String> {
    let view: View<'_> = prometheus.spec();
    let named = |directory: &str, names: &[Text<'_>]| {
        names.iter().map(|name| format!("{directory}/{name}")).collect::<Vec<_>>()
    };
    let mut all = [named(SECRETS, &view.secrets), named(CONFIG_MAPS, &view.config_maps)].concat();
    if let Some(spec) = &prometheus.resource.spec {
        let own = spec.containers.iter().filter(|container| container.name == *"prometheus");
        let mounts = own.flat_map(|container| &container.volume_mounts);
        let mounts = spec.volume_mounts.iter().flatten().chain(mounts);
        all.extend(mounts.map(|mount| mount.mount_path.trim_end_matches('/').to_owned()));
    }
    all.into_iter()
}

fn check(
    object: &ObjectReference,
    path: &FieldPath,
    tls: &TlsConfig<'_>,
    mounted: &BTreeSet<String>,
    findings: &mut ClusterFindings<'_>,
) {
    let files = [("caFile", &tls.ca_file), ("certFile", &tls.cert_file), ("keyFile", &tls.key_file)];
    let named = files.into_iter().filter_map(|(field, file)| Some((field, file.as_deref()?)));
    for (field, file) in named.filter(|(_, file)| !is_there(file, mounted)) {
        let directory = file.rsplit_once('/').map_or(file, |(directory, _)| directory);
        let mounted: Vec<&str> = mounted.iter().map(String::as_str).collect();
        let fix = if mounted.is_empty() {
            format!("mount a volume at {directory} by spec.volumes and spec.volumeMounts of the Prometheus resource")
        } else {
            format!("name a file below {}", shortened(&mounted.join(", "), 150))
        };
        let message = format!("nothing is mounted at {}", shortened(directory, 38));
        findings.report(object, path.key(field), message, fix);
    }
}

/// Whether a file may be there. One that is not named from the root is looked for beside the configuration.
fn is_there(file: &str, mounted: &BTreeSet<String>) -> bool {
    let inside = |directory: &str| file.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
    let of_the_operator = inside("/etc/prometheus") && !inside(SECRETS) && !inside(CONFIG_MAPS);
    let is_absolute = file.starts_with('/');
    !is_absolute
        || of_the_operator
        || ALWAYS_THERE.iter().any(|directory| inside(directory))
        || mounted.iter().any(|directory| inside(directory) || directory == file)
}
