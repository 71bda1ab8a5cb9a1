//! What pods are made with, wherever it is written: in a pod, a pod template, or a Prometheus resource.

use crate::model::FieldPath;
use crate::model::labels::Labels;
use crate::model::resource::pod::{Container, SecurityContext, VolumeMount};
use crate::model::resource::{PodTemplate, Prometheus, Workload};
use crate::model::sidecar;

/// What pods are made with.
#[derive(Debug)]
pub struct Pods<'m, 'a> {
    /// Labels of the pods.
    pub labels: &'m Labels<'a>,
    /// Annotations of the pods.
    pub annotations: &'m Labels<'a>,
    /// Whether they share the network of their node.
    pub host_network: bool,
    /// Names of their volumes.
    pub volumes: Vec<&'m str>,
    /// What their containers mount, without the sidecar's.
    pub mounts: Vec<&'m VolumeMount<'a>>,
    /// As whom their containers run, unless a container says otherwise.
    pub security_context: Option<SecurityContext>,
    /// Their containers.
    pub containers: &'m [Container<'a>],
    /// Whether one of the containers is the sidecar, by the user's hand or the injector's.
    pub has_sidecar: bool,
    /// What runs in them.
    pub run: Run,
    /// Where labels and annotations stand.
    pub metadata_path: FieldPath,
    /// Where containers and volumes stand.
    pub spec_path: FieldPath,
}

/// What runs in pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Prometheus, in containers that the operator adds to those that are written down.
    OperatorsPrometheus,
    /// Prometheus.
    Prometheus,
    /// Anything else.
    Other,
}

static NONE: Labels<'static> = Labels::none();

impl<'m, 'a> Pods<'m, 'a> {
    /// The pods that a workload makes.
    pub fn of_workload(workload: &'m Workload<'a>) -> Self {
        let template: &PodTemplate<'a> = &workload.template;
        let (spec, path) = (&template.spec, workload.template_keys.iter());
        let path = path.fold(FieldPath::root(), |path, key| path.key(key));
        let mut names = spec.containers.iter().map(|it| &it.name).chain(spec.init_containers.iter().map(|it| &it.name));
        let is_prometheus = spec.containers.iter().any(|container| container.name == "prometheus");
        Self {
            labels: template.labels(),
            annotations: template.annotations(),
            host_network: spec.host_network == Some(true),
            volumes: spec.volumes.iter().map(|volume| volume.name.as_str()).collect(),
            mounts: mounts(&spec.containers).collect(),
            security_context: spec.security_context,
            containers: &spec.containers,
            has_sidecar: names.any(|name| *name == sidecar::CONTAINER),
            run: if is_prometheus { Run::Prometheus } else { Run::Other },
            metadata_path: path.key("metadata"),
            spec_path: path.key("spec"),
        }
    }

    /// The pods that the operator makes from a Prometheus resource; `None` where it has no spec.
    pub fn of_prometheus(prometheus: &'m Prometheus<'a>) -> Option<Self> {
        let spec = prometheus.spec.as_ref()?;
        let metadata = spec.pod_metadata.as_ref();
        Some(Self {
            labels: metadata.map_or(&NONE, |metadata| &metadata.labels),
            annotations: metadata.map_or(&NONE, |metadata| &metadata.annotations),
            host_network: spec.host_network == Some(true),
            volumes: spec.volumes.iter().flatten().map(|volume| volume.name.as_str()).collect(),
            mounts: spec.volume_mounts.iter().flatten().chain(mounts(&spec.containers)).collect(),
            security_context: spec.security_context,
            containers: &spec.containers,
            has_sidecar: spec.containers.iter().any(|container| container.name == sidecar::CONTAINER),
            run: Run::OperatorsPrometheus,
            metadata_path: FieldPath::of("spec.podMetadata"),
            spec_path: FieldPath::of("spec"),
        })
    }

    /// Whether Prometheus is among what runs in them.
    pub fn are_prometheus(&self) -> bool {
        self.run != Run::Other
    }

    /// What says whether they get a sidecar: the label, or where there is none the annotation.
    pub fn inject(&self) -> Option<&'m str> {
        self.labels.get(sidecar::INJECT).or_else(|| self.annotations.get(sidecar::INJECT))
    }

    /// Whether they certainly get a sidecar, or have one. An annotation alone counts only in some namespaces.
    pub fn are_injected(&self) -> bool {
        let asks = self.labels.get(sidecar::INJECT) == Some("true");
        !self.host_network && (asks || self.has_sidecar)
    }

    /// Whether they certainly get no sidecar.
    pub fn stay_out(&self) -> bool {
        self.host_network || self.inject() == Some("false")
    }

    /// Where an annotation stands.
    pub fn annotation(&self, key: &str) -> FieldPath {
        self.metadata_path.key("annotations").key(key)
    }

    /// Where a label stands.
    pub fn label(&self, key: &str) -> FieldPath {
        self.metadata_path.key("labels").key(key)
    }
}

fn mounts<'m, 'a>(containers: &'m [Container<'a>]) -> impl Iterator<Item = &'m VolumeMount<'a>> {
    let without_sidecar = containers.iter().filter(|container| container.name != sidecar::CONTAINER);
    without_sidecar.flat_map(|container| &container.volume_mounts)
}
