//! Prometheus resources: what of their settings decides what they scrape.

mod version;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::relabeling::{PrometheusVersion, RelabelConfig, validity};
use crate::model::resource::endpoint::AttachMetadata;
use crate::model::resource::http_client::TlsConfig;
use crate::model::resource::{Prometheus, null_as_default, tolerant};
use crate::model::selector::LabelSelector;
use crate::model::sidecar::{PROXY_CONFIG, USER_VOLUME_MOUNT, output_certificates, user_volume_mounts};
use crate::model::snapshot::Kept;
use crate::model::{FieldPath, Resource, Text, duration};

/// The interval where a Prometheus resource gives none, as its schema says.
const INTERVAL: &str = "30s";
/// The longest timeout where none is given (`prometheus/config`, `DefaultGlobalConfig`).
const TIMEOUT: &str = "10s";
/// The API group of what is excluded from enforcement, where none is given, as the schema says.
const GROUP: &str = "monitoring.coreos.com";

/// A Prometheus or PrometheusAgent, as far as it decides what is scraped.
#[derive(Clone, Debug)]
pub(super) struct Settings<'s> {
    pub(super) kept: &'s Kept,
    pub(super) prometheus: Prometheus<'s>,
    pub(super) spec: SpecView<'s>,
    pub(super) version: PrometheusVersion,
    /// The directory in which it finds certificates of the mesh.
    certificates: Option<String>,
}

/// What of a spec is not in [`Prometheus`], which admission reads and wants short.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SpecView<'s> {
    #[serde(borrow, deserialize_with = "tolerant")]
    version: Option<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    scrape_interval: Option<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    scrape_timeout: Option<Text<'s>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub(super) scrape_classes: Vec<ScrapeClass<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    pub(super) pod_target_labels: Vec<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    enforced_namespace_label: Option<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    excluded_from_enforcement: Vec<Excluded<'s>>,
    #[serde(deserialize_with = "null_as_default")]
    pub(super) ignore_namespace_selectors: bool,
    #[serde(borrow, deserialize_with = "tolerant")]
    pub(super) service_discovery_role: Option<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    name_validation_scheme: Option<Text<'s>>,
    #[serde(borrow, deserialize_with = "tolerant")]
    mode: Option<Text<'s>>,
    #[serde(borrow)]
    additional_scrape_configs: Option<&'s RawValue>,
    #[serde(borrow, rename = "apiserverConfig")]
    api_server_config: Option<&'s RawValue>,
}

/// Settings for all monitors that name this class.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ScrapeClass<'s> {
    #[serde(borrow)]
    pub(super) name: Text<'s>,
    #[serde(rename = "default", deserialize_with = "null_as_default")]
    is_default: bool,
    #[serde(borrow)]
    pub(super) tls_config: Option<TlsConfig<'s>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    pub(super) relabelings: Vec<RelabelConfig<'s>>,
    #[serde(borrow, deserialize_with = "null_as_default")]
    metric_relabelings: Vec<RelabelConfig<'s>>,
    pub(super) attach_metadata: Option<AttachMetadata>,
}

/// An object, or all of a kind in a namespace, that is left as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Excluded<'s> {
    #[serde(borrow)]
    group: Option<Text<'s>>,
    #[serde(borrow)]
    resource: Text<'s>,
    #[serde(borrow)]
    namespace: Text<'s>,
    #[serde(borrow)]
    name: Option<Text<'s>>,
}

#[derive(Deserialize)]
struct WithSpec<'s> {
    #[serde(borrow, default, deserialize_with = "null_as_default")]
    spec: SpecView<'s>,
}

impl<'s> Settings<'s> {
    /// Reads them.
    ///
    /// # Errors
    /// In words: why they cannot be read.
    pub(super) fn read(kept: &'s Kept) -> Result<Self, String> {
        let words = |error: serde_json::Error| error.to_string();
        let prometheus: Prometheus<'s> = serde_json::from_str(&kept.json).map_err(words)?;
        let WithSpec { spec } = serde_json::from_str(&kept.json).map_err(words)?;
        let version = spec.version.as_deref().filter(|text| !text.is_empty()).map(version::read);
        let version = version.unwrap_or(Some(PrometheusVersion::LATEST)).ok_or("spec.version: not a version")?;
        let certificates = certificates(&prometheus);
        Ok(Self { kept, prometheus, spec, version, certificates })
    }

    /// Its namespace.
    pub(super) fn namespace(&self) -> &'s str {
        self.kept.namespace()
    }

    /// Which monitors of a kind it picks up, and in which namespaces, with the names of the two fields.
    pub(super) fn selectors(&self, kind: Resource) -> Selectors<'_, 's> {
        let spec = self.prometheus.spec.as_ref();
        let (field, namespace_field) = fields(kind);
        let (monitors, namespaces) = spec.map_or((None, None), |spec| match kind {
            Resource::PodMonitor => (spec.pod_monitor_selector.as_ref(), spec.pod_monitor_namespace_selector.as_ref()),
            Resource::ServiceMonitor => {
                (spec.service_monitor_selector.as_ref(), spec.service_monitor_namespace_selector.as_ref())
            }
            Resource::Probe => (spec.probe_selector.as_ref(), spec.probe_namespace_selector.as_ref()),
            _ => (spec.scrape_config_selector.as_ref(), spec.scrape_config_namespace_selector.as_ref()),
        });
        Selectors { field, monitors, namespace_field, namespaces }
    }

    /// Whether no configuration is made from monitors at all: none of the four selectors is there.
    pub(super) fn is_unmanaged(&self) -> bool {
        let kinds = [Resource::PodMonitor, Resource::ServiceMonitor, Resource::Probe, Resource::ScrapeConfig];
        self.kept.reference.kind == Resource::Prometheus.kind()
            && kinds.into_iter().all(|kind| self.selectors(kind).monitors.is_none())
    }

    /// Whether each of its pods scrapes what is on its own node only.
    pub(super) fn is_daemon_set(&self) -> bool {
        self.spec.mode.as_deref() == Some("DaemonSet")
    }

    /// Whether ServiceMonitors may name files of its pods.
    pub(super) fn denies_files(&self) -> bool {
        let access = self.prometheus.spec.as_ref().and_then(|spec| spec.file_access);
        access.and_then(|access| access.deny) == Some(true)
    }

    /// The interval where a monitor gives none.
    pub(super) fn interval(&self) -> &str {
        self.spec.scrape_interval.as_deref().filter(|text| !text.is_empty()).unwrap_or(INTERVAL)
    }

    /// The timeout where a monitor gives none.
    fn timeout(&self) -> &str {
        let own = self.spec.scrape_timeout.as_deref().filter(|text| !text.is_empty());
        own.unwrap_or_else(|| shorter(TIMEOUT, self.interval()))
    }

    /// Interval and timeout of what gives these, in the way that Prometheus completes them (`prometheus/config`,
    /// `ScrapeConfig.Validate`).
    pub(super) fn timing(&self, interval: Option<&str>, timeout: Option<&str>) -> (String, String) {
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let interval = given(interval).unwrap_or_else(|| self.interval().to_owned());
        let timeout = given(timeout).unwrap_or_else(|| shorter(self.timeout(), &interval).to_owned());
        (interval, timeout)
    }

    /// The class of this name; the default class where there is none.
    pub(super) fn scrape_class(&self, name: Option<&str>) -> Option<(usize, &ScrapeClass<'s>)> {
        let classes = || self.spec.scrape_classes.iter().enumerate();
        // Of several of one name, the last counts.
        let named = name.and_then(|name| classes().rfind(|(_, class)| class.name == *name));
        named.or_else(|| classes().find(|(_, class)| class.is_default))
    }

    /// The label in which the namespace of a monitor is written, whatever its relabelings say.
    pub(super) fn enforced_label(&self, kind: Resource, monitor: &Kept) -> Option<&str> {
        let label = self.spec.enforced_namespace_label.as_deref().filter(|label| !label.is_empty())?;
        let is_excluded = self.spec.excluded_from_enforcement.iter().any(|excluded| excluded.covers(kind, monitor));
        (!is_excluded).then_some(label)
    }

    /// The version by which relabeling steps run: the rule for label names may be older than Prometheus.
    pub(super) fn relabeling_version(&self, own_scheme: Option<&str>) -> PrometheusVersion {
        match own_scheme.or(self.spec.name_validation_scheme.as_deref()) {
            Some("Legacy") => self.version.min(PrometheusVersion { major: 2, minor: u16::MAX }),
            _ => self.version,
        }
    }

    /// What of it is not considered, each in a sentence without a full stop.
    pub(super) fn not_considered(&self) -> Vec<String> {
        let additional = self.spec.additional_scrape_configs.map(|_| "the jobs of additionalScrapeConfigs");
        additional.into_iter().map(|what| format!("{what} are not considered")).collect()
    }

    /// Why nobody knows which targets its discovery finds, if that is so.
    pub(super) fn elsewhere(&self) -> Option<String> {
        let elsewhere = "apiserverConfig names the API server, which may be that of another cluster";
        let node = "in mode DaemonSet each pod scrapes its own node only";
        let reasons = [(self.spec.api_server_config.is_some(), elsewhere), (self.is_daemon_set(), node)];
        reasons.into_iter().find_map(|(holds, reason)| holds.then(|| reason.to_owned()))
    }

    /// Whether a file is one of the certificates of the mesh.
    pub(super) fn is_of_the_mesh(&self, file: &str) -> bool {
        let inside = |directory: &str| {
            file.strip_prefix(directory.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
        };
        self.certificates.as_deref().is_some_and(inside)
    }

    /// Why the operator writes no configuration for it at all, and in which field (`NewConfigGenerator`,
    /// `GenerateServerConfiguration`).
    pub(super) fn refusal(&self) -> Option<(FieldPath, String)> {
        let spec = FieldPath::of("spec");
        if !matches!(self.version.major, 2 | 3) {
            return Some((spec.key("version"), "the operator knows Prometheus 2 and 3 only".to_owned()));
        }
        self.refused_timing()
            .map(|why| (spec.key("scrapeTimeout"), why))
            .or_else(|| self.refused_class().map(|(index, why)| (spec.key("scrapeClasses").index(index), why)))
    }

    fn refused_timing(&self) -> Option<String> {
        let timeout = self.spec.scrape_timeout.as_deref().filter(|text| !text.is_empty())?;
        too_long(timeout, self.interval())
    }

    fn refused_class(&self) -> Option<(usize, String)> {
        let classes = &self.spec.scrape_classes;
        let second = classes.iter().enumerate().filter(|(_, class)| class.is_default).nth(1);
        let second = second.map(|(index, _)| (index, "there are several default scrape classes".to_owned()));
        let wrong = |(index, class): (usize, &ScrapeClass<'_>)| {
            let steps = class.relabelings.iter().chain(&class.metric_relabelings);
            let error = steps.filter_map(|step| validity::check(step, self.version).err()).find(|it| !it.is_ours());
            error.map(|error| (index, format!("a relabeling of scrape class {} is invalid: {error}", class.name)))
        };
        second.or_else(|| classes.iter().enumerate().find_map(wrong))
    }
}

/// The selectors for one kind of monitor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selectors<'p, 's> {
    pub(super) field: &'static str,
    pub(super) monitors: Option<&'p LabelSelector<'s>>,
    pub(super) namespace_field: &'static str,
    pub(super) namespaces: Option<&'p LabelSelector<'s>>,
}

const fn fields(kind: Resource) -> (&'static str, &'static str) {
    match kind {
        Resource::PodMonitor => ("podMonitorSelector", "podMonitorNamespaceSelector"),
        Resource::ServiceMonitor => ("serviceMonitorSelector", "serviceMonitorNamespaceSelector"),
        Resource::Probe => ("probeSelector", "probeNamespaceSelector"),
        _ => ("scrapeConfigSelector", "scrapeConfigNamespaceSelector"),
    }
}

impl Excluded<'_> {
    fn covers(&self, kind: Resource, monitor: &Kept) -> bool {
        let plural = match kind {
            Resource::PodMonitor => "podmonitors",
            Resource::ServiceMonitor => "servicemonitors",
            Resource::Probe => "probes",
            _ => "scrapeconfigs",
        };
        let name = self.name.as_deref().unwrap_or_default();
        self.group.as_deref().filter(|group| !group.is_empty()).unwrap_or(GROUP) == GROUP
            && self.resource == *plural
            && self.namespace == *monitor.namespace()
            && (name.is_empty() || name == monitor.reference.name)
    }
}

/// Why a timeout does not fit an interval, if it does not.
pub(super) fn too_long(timeout: &str, interval: &str) -> Option<String> {
    let (Some(short), Some(long)) = (duration::parse(timeout), duration::parse(interval)) else {
        return Some(format!("{timeout:?} or {interval:?} is no duration of Prometheus"));
    };
    (short > long).then(|| format!("the timeout {timeout} is longer than the interval {interval}"))
}

/// The shorter of two durations; the first where one cannot be read.
fn shorter<'t>(first: &'t str, second: &'t str) -> &'t str {
    match (duration::parse(first), duration::parse(second)) {
        (Some(a), Some(b)) if b < a => second,
        _ => first,
    }
}

/// Where Prometheus mounts the volume to which its sidecar writes the certificates of the mesh.
fn certificates(prometheus: &Prometheus<'_>) -> Option<String> {
    let annotations = &prometheus.pod_metadata()?.annotations;
    let directory = output_certificates(annotations.get(PROXY_CONFIG)?).ok().flatten()?;
    let same = |a: &str, b: &str| a.trim_end_matches('/') == b.trim_end_matches('/');
    let written = user_volume_mounts(annotations.get(USER_VOLUME_MOUNT)?).ok()?;
    let volume = written.into_iter().find(|mount| same(&mount.mount_path, &directory))?.name;
    let mounts = prometheus.spec.as_ref()?.volume_mounts.as_deref()?;
    mounts.iter().find(|mount| mount.name == *volume).map(|mount| mount.mount_path.to_string())
}
