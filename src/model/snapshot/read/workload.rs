//! Workloads: objects that make pods from a template.

use std::sync::Arc;

use serde::Deserialize;

use super::pod::TemplateView;
use crate::model::resource::{Metadata, null_as_default, tolerant};
use crate::model::selector::LabelSelector;
use crate::model::snapshot::record::Record;
use crate::model::snapshot::workload::Workload;
use crate::model::snapshot::{Controller, PodStatus, Uid};
use crate::model::{ObjectReference, Text};

/// A workload of any kind.
#[derive(Debug, Deserialize)]
pub(in crate::model::snapshot) struct WorkloadView<'a> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    spec: SpecView<'a>,
    #[serde(borrow, default, deserialize_with = "tolerant")]
    status: StatusView<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecView<'a> {
    #[serde(borrow, default)]
    selector: Option<LabelSelector<'a>>,
    #[serde(default)]
    replicas: Option<i64>,
    #[serde(default)]
    suspend: Option<bool>,
    #[serde(borrow, default)]
    template: Option<TemplateView<'a>>,
    #[serde(borrow, default)]
    job_template: Option<JobTemplateView<'a>>,
}

#[derive(Debug, Deserialize)]
struct JobTemplateView<'a> {
    #[serde(borrow)]
    spec: JobSpecView<'a>,
}

#[derive(Debug, Deserialize)]
struct JobSpecView<'a> {
    #[serde(borrow)]
    template: TemplateView<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusView<'a> {
    #[serde(borrow, deserialize_with = "null_as_default")]
    conditions: Vec<ConditionView<'a>>,
}

#[derive(Debug, Deserialize)]
struct ConditionView<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
}

/// Who manages the pods of a workload. Names that the control plane still has to make up end in a star.
fn made_by(workload: &ObjectReference) -> Controller {
    let of_its_own = |kind: &str| Controller { kind: kind.into(), name: format!("{}-*", workload.name).into() };
    match workload.kind.as_str() {
        "Deployment" => of_its_own("ReplicaSet"),
        "CronJob" => of_its_own("Job"),
        kind => Controller { kind: kind.into(), name: workload.name.as_str().into() },
    }
}

impl WorkloadView<'_> {
    /// The workload.
    ///
    /// # Errors
    /// It has no pod template.
    pub(in crate::model::snapshot) fn workload(
        &self,
        reference: Arc<ObjectReference>,
    ) -> Result<Workload, &'static str> {
        let of_job = self.spec.job_template.as_ref().map(|job| &job.spec.template);
        let template = self.spec.template.as_ref().or(of_job).ok_or("it has no pod template")?;
        let status =
            PodStatus { uid: Uid::default(), controller: Some(Arc::new(made_by(&reference))), ..template.status() };
        Ok(Workload {
            template: Arc::new(Record { pod: template.pod(Arc::clone(&reference)), status, origin: None, number: 0 }),
            reference,
            selector: self.spec.selector.as_ref().map(LabelSelector::to_static),
            controller: self.metadata.controller().map(|owner| Arc::new(owner.into())),
            made_from: None,
            makes_pods: self.makes_pods(),
        })
    }

    fn makes_pods(&self) -> bool {
        // A Deployment has conditions of other types, which say nothing about an end.
        let ended = self.status.conditions.iter().any(|condition| {
            condition.status == "True" && (condition.kind == "Complete" || condition.kind == "Failed")
        });
        self.spec.replicas != Some(0) && self.spec.suspend != Some(true) && !ended
    }
}
