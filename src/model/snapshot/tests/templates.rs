//! Which templates stand for pods.

use rstest::rstest;

use super::{names, snapshot};

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}}";
const OLD_SET: &str = "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]}, spec: {replicas: 0, template: {spec: {}}}}";
const NEW_SET: &str = "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-2, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]}, spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {spec: {}}}}";
const OWNED_POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-2, controller: true}]}, spec: {}}";
const RELABELLED_POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-2, controller: true}]}, spec: {}}";
const BARE_POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}}, spec: {}}";
const POD_ELSEWHERE: &str =
    "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: else, labels: {app: web}}, spec: {}}";
const POD_OF_ANOTHER: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, controller: true}]}, spec: {}}";
const SCALED_DOWN: &str =
    "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 0, template: {spec: {}}}}";
const OF_OPERATOR: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: prometheus-k8s, ownerReferences: [{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, name: k8s, controller: true}]}, spec: {template: {spec: {}}}}";
const CRON_JOB: &str =
    "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: {spec: {}}}}}}";
const JOB: &str = "{apiVersion: batch/v1, kind: Job, metadata: {name: c-28, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: c, controller: true}]}, spec: {template: {spec: {}}}}";
const DONE_JOB: &str = "{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {template: {spec: {}}}, status: {conditions: [{type: Complete, status: 'True'}]}}";
const SUSPENDED_JOB: &str =
    "{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {suspend: true, template: {spec: {}}}}";
const POD_OF_JOB: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: c-28, controller: true}]}, spec: {}}";
const CIRCLE: &str = "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-2, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-2, controller: true}]}, spec: {template: {spec: {}}}}";

#[rstest]
#[case::no_pods(&[DEPLOYMENT], &["Deployment default/web"])]
#[case::the_deployment_stands_for_its_sets(&[DEPLOYMENT, OLD_SET, NEW_SET], &["Deployment default/web"])]
#[case::a_set_whose_deployment_is_not_given(&[OLD_SET, NEW_SET], &["ReplicaSet default/web-2"])]
#[case::pods_along_the_owners(&[DEPLOYMENT, OLD_SET, NEW_SET, RELABELLED_POD], &["Pod default/p"])]
#[case::set_is_not_given(&[DEPLOYMENT, OWNED_POD], &["Pod default/p"])]
#[case::set_is_not_given_and_labels_differ(&[DEPLOYMENT, RELABELLED_POD], &["Pod default/p", "Deployment default/web"])]
#[case::pods_by_selector(&[DEPLOYMENT, BARE_POD], &["Pod default/p"])]
#[case::not_in_another_namespace(&[DEPLOYMENT, POD_ELSEWHERE], &["Deployment default/web", "Pod else/p"])]
#[case::owned_by_another(&[DEPLOYMENT, POD_OF_ANOTHER], &["Pod default/p", "Deployment default/web"])]
#[case::scaled_to_nothing(&[SCALED_DOWN], &[])]
#[case::owner_is_no_workload(&[OF_OPERATOR], &["StatefulSet default/prometheus-k8s"])]
#[case::cron_job(&[CRON_JOB, JOB], &["CronJob default/c"])]
#[case::cron_job_with_pods(&[CRON_JOB, JOB, POD_OF_JOB], &["Pod default/p"])]
#[case::cron_job_whose_job_is_not_given(&[CRON_JOB, POD_OF_JOB], &["Pod default/p"])]
#[case::done(&[DONE_JOB], &[])]
#[case::suspended(&[SUSPENDED_JOB], &[])]
#[case::owners_in_a_circle(&[CIRCLE, OWNED_POD], &["Pod default/p"])]
fn a_template_stands_for_pods_that_are_not_given(#[case] objects: &[&str], #[case] expected: &[&str]) {
    assert_eq!(names(snapshot(&objects.join("\n---\n")).pods()), expected);
    let backwards: Vec<&str> = objects.iter().rev().copied().collect();
    assert_eq!(names(snapshot(&backwards.join("\n---\n")).pods()), expected);
}
