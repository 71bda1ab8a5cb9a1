//! Workloads: everything that is, or makes, pods, seen through its pod template.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::Resource;
use crate::model::resource::{Metadata, PodTemplate};

/// A pod, or an object that makes pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload<'a> {
    /// Metadata of the object itself; for a Pod that is the metadata of the template.
    own_metadata: Option<Metadata<'a>>,
    /// What its pods are made from.
    pub template: PodTemplate<'a>,
    /// Where the template stands in the object: the keys from the object to it, none for a Pod.
    pub template_keys: &'static [&'static str],
}

#[derive(Deserialize)]
struct Object<'a, S> {
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    spec: S,
}

#[derive(Deserialize)]
struct TextObject<'a> {
    #[serde(borrow)]
    spec: TextSpec<'a>,
}

#[derive(Deserialize)]
struct TextSpec<'a> {
    #[serde(borrow)]
    template: &'a RawValue,
}

#[derive(Deserialize)]
struct TextCronJob<'a> {
    #[serde(borrow)]
    spec: TextCronJobSpec<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TextCronJobSpec<'a> {
    #[serde(borrow)]
    job_template: &'a RawValue,
}

#[derive(Deserialize)]
struct TemplateSpec<'a> {
    #[serde(borrow)]
    template: PodTemplate<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CronJobSpec<'a> {
    #[serde(borrow)]
    job_template: JobTemplate<'a>,
}

#[derive(Deserialize)]
struct JobTemplate<'a> {
    #[serde(borrow)]
    spec: TemplateSpec<'a>,
}

impl<'a> Workload<'a> {
    /// Reads a workload; `None` if this resource makes no pods.
    ///
    /// # Errors
    /// The JSON has not the form of this resource.
    pub fn read(resource: Resource, json: &'a str) -> Option<serde_json::Result<Self>> {
        match resource {
            Resource::Pod => Some(serde_json::from_str::<PodTemplate<'a>>(json).map(Self::pod)),
            Resource::Deployment
            | Resource::StatefulSet
            | Resource::DaemonSet
            | Resource::ReplicaSet
            | Resource::Job => Some(serde_json::from_str(json).map(Self::with_template)),
            Resource::CronJob => Some(serde_json::from_str(json).map(Self::cron_job)),
            _ => None,
        }
    }

    /// Metadata of the object itself.
    pub fn metadata(&self) -> &Metadata<'a> {
        static NONE: Metadata<'static> = Metadata::none();
        self.own_metadata.as_ref().or(self.template.metadata.as_ref()).unwrap_or(&NONE)
    }

    /// The text of the pod template; `None` if this resource has none, or it cannot be found.
    ///
    /// Equal texts are equal templates: the API server writes old and new object in the same way.
    pub fn template_text(resource: Resource, json: &'a str) -> Option<&'a str> {
        match resource {
            Resource::Deployment
            | Resource::StatefulSet
            | Resource::DaemonSet
            | Resource::ReplicaSet
            | Resource::Job => Some(serde_json::from_str::<TextObject<'a>>(json).ok()?.spec.template.get()),
            Resource::CronJob => Some(serde_json::from_str::<TextCronJob<'a>>(json).ok()?.spec.job_template.get()),
            _ => None,
        }
    }

    fn pod(template: PodTemplate<'a>) -> Self {
        Self { own_metadata: None, template, template_keys: &[] }
    }

    fn with_template(object: Object<'a, TemplateSpec<'a>>) -> Self {
        Self {
            own_metadata: Some(object.metadata),
            template: object.spec.template,
            template_keys: &["spec", "template"],
        }
    }

    fn cron_job(object: Object<'a, CronJobSpec<'a>>) -> Self {
        Self {
            own_metadata: Some(object.metadata),
            template: object.spec.job_template.spec.template,
            template_keys: &["spec", "jobTemplate", "spec", "template"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_found_wherever_the_kind_keeps_it() {
        let template = r#"{"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}}"#;
        let deployment = format!(r#"{{"metadata": {{"name": "d"}}, "spec": {{"template": {template}}}}}"#);
        let cron_job = format!(r#"{{"spec": {{"jobTemplate": {{"spec": {{"template": {template}}}}}}}}}"#);
        for (resource, json) in
            [(Resource::Pod, template), (Resource::Deployment, &deployment), (Resource::CronJob, &cron_job)]
        {
            let workload = Workload::read(resource, json).unwrap().unwrap();
            assert_eq!(workload.template.labels().get("app"), Some("web"), "{resource:?}");
            assert_eq!(workload.template.spec.containers.len(), 1);
        }
    }

    #[test]
    fn a_template_without_metadata_has_no_labels() {
        let json = r#"{"spec": {"template": {"metadata": null, "spec": {"containers": null}}}}"#;
        let workload = Workload::read(Resource::Job, json).unwrap().unwrap();
        assert!(workload.template.labels().is_empty());
    }
}
