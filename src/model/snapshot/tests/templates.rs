//! Which templates stand for pods.

use rstest::rstest;

use super::{names, problems, snapshot};
use crate::model::Resource;

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
const PROMETHEUS: &str = "{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: k8s}, spec: {}}";
const ALERTMANAGER: &str =
    "{apiVersion: monitoring.coreos.com/v1, kind: Alertmanager, metadata: {name: k8s}, spec: {replicas: 3}}";
const MADE_BY_NAME: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: prometheus-k8s}, spec: {replicas: 0, template: {spec: {}}}}";
const MADE_BY_OWNER: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: x, ownerReferences: [{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, name: k8s, controller: true}]}, spec: {template: {spec: {}}}}";
const POD_OF_PROMETHEUS: &str = "{apiVersion: v1, kind: Pod, metadata: {name: prometheus-k8s-0, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: prometheus-k8s, controller: true}]}, spec: {}}";
const POD_OF_SHARD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app.kubernetes.io/instance: k8s, app.kubernetes.io/managed-by: prometheus-operator, app.kubernetes.io/name: prometheus, operator.prometheus.io/name: k8s, operator.prometheus.io/shard: '0', prometheus: k8s}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: prometheus-k8s-old, controller: true}]}, spec: {}}";
const POD_BY_NAME: &str = "{apiVersion: v1, kind: Pod, metadata: {name: prometheus-k8s-0}, spec: {}}";
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
#[case::what_the_operator_would_make(&[PROMETHEUS, ALERTMANAGER], &["StatefulSet default/alertmanager-k8s", "StatefulSet default/prometheus-k8s"])]
#[case::the_operator_has_made_it(&[PROMETHEUS, OF_OPERATOR], &["StatefulSet default/prometheus-k8s"])]
#[case::what_is_made_counts_even_if_it_makes_nothing(&[PROMETHEUS, MADE_BY_NAME], &[])]
#[case::made_under_another_name(&[PROMETHEUS, MADE_BY_OWNER], &["StatefulSet default/x"])]
#[case::pods_of_what_the_operator_makes(&[PROMETHEUS, POD_OF_PROMETHEUS], &["Pod default/prometheus-k8s-0"])]
#[case::pods_with_its_name(&[PROMETHEUS, POD_BY_NAME], &["Pod default/prometheus-k8s-0"])]
#[case::pods_with_its_labels(&[PROMETHEUS, POD_OF_SHARD], &["Pod default/p"])]
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

#[test]
fn what_an_operator_would_make_stands_where_its_resource_does() {
    let text = format!("{DEPLOYMENT}\n---\n{PROMETHEUS}\n---\n{PROMETHEUS}\n");
    let snapshot = snapshot(&text);
    let pod = snapshot.pod("default", "prometheus-k8s").unwrap();
    assert_eq!(snapshot.place_of(&pod.object).unwrap().to_string(), "test.yaml:5:2");
    assert_eq!(problems(&snapshot).len(), 1, "a Prometheus is told once, although it is kept and makes pods");
    let kept: Vec<_> = snapshot.objects_in(Resource::Prometheus, "default").collect();
    let [kept] = kept[..] else { panic!("one is kept") };
    assert_eq!(kept.reference.to_string(), "Prometheus default/k8s");
}

#[rstest]
#[case("{apiVersion: monitoring.coreos.com/v1, kind: Alertmanager, metadata: {name: k8s}, spec: {containers: 1}}")]
#[case("{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: k8s}, spec: {containers: 1}}")]
fn what_cannot_be_read_is_kept_and_makes_nothing(#[case] text: &str) {
    let snapshot = snapshot(text);
    assert!(snapshot.pods().is_empty());
    assert_eq!(problems(&snapshot).len(), 1);
    let kept = snapshot.objects(Resource::Alertmanager).chain(snapshot.objects(Resource::Prometheus));
    assert!(kept.map(|kept| kept.unreadable.is_some()).eq([true]));
}
