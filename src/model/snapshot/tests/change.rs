//! A snapshot that is changed is the one that is built from the changed objects.

use proptest::prelude::*;

use super::order::{object, said};
use super::snapshot;
use crate::model::snapshot::{Builder, Change, Origin, Snapshot};
use crate::model::{Document, ObjectReference, Resource, Source};

/// An object in which `NAME` stands for its name.
type Form = String;

/// What becomes of the objects of a cluster, by their numbers.
#[derive(Clone, Debug)]
enum Step {
    Put(usize, Form),
    Delete(usize),
}

fn named(number: usize, form: &str) -> String {
    form.replace("name: NAME,", &format!("name: x{number},")).replace("NAME", "x")
}

fn step(object: impl Strategy<Value = Form>) -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..8_usize, object).prop_map(|(number, form)| Step::Put(number, form)),
        1 => (0..8_usize).prop_map(Step::Delete)
    ]
}

/// Everything that something else hangs on.
fn any_object() -> impl Strategy<Value = Form> {
    prop_oneof![2 => object(), 1 => pod(), 1 => other()]
}

/// A pod of which something is to be told apart.
fn pod() -> impl Strategy<Value = Form> {
    let address = prop::sample::select(vec!["10.0.0.1", "10.0.0.2", "10.0.1.1", "fd00::1"]);
    let phase = prop::sample::select(vec!["Pending", "Running", "Succeeded"]);
    let job = prop::sample::select(vec!["p", "q"]);
    let captured = prop::sample::select(vec!["", "10.0.0.1/32", "10.0.0.0/16"]);
    let owner = prop::sample::select(vec!["", "{kind: Job, apiVersion: batch/v1, controller: true, name: x1}"]);
    (address, phase, job, captured, owner).prop_map(|(address, phase, job, captured, owner)| {
        let labels = format!("app: web, job-name: {job}");
        let annotations = format!("traffic.sidecar.istio.io/includeOutboundIPRanges: '{captured}'");
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: NAME, namespace: a, labels: {{{labels}}}, annotations: {{{annotations}}}, \
             ownerReferences: [{owner}]}}, spec: {{nodeName: x2}}, status: {{phase: {phase}, podIP: '{address}', hostIP: 192.168.0.1}}}}"
        )
    })
}

fn other() -> impl Strategy<Value = Form> {
    let policy = |peer: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: NAME, namespace: a}}, \
             spec: {{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}}}"
        )
    };
    prop::sample::select(vec![
        policy("{ipBlock: {cidr: 10.0.0.0/24}}"),
        policy("{ipBlock: {cidr: 10.0.0.1/32}}"),
        policy("{ipBlock: {cidr: 'fd00::/8'}}"),
        policy("{podSelector: {matchLabels: {job-name: p}}}"),
        "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: x}}}".to_owned(),
        "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: y}}}".to_owned(),
        "{apiVersion: v1, kind: Namespace, metadata: {name: NAME, labels: 1}}".to_owned(),
        "{apiVersion: v1, kind: Node, metadata: {name: NAME, labels: {topology.kubernetes.io/zone: z}}}".to_owned(),
        "{apiVersion: v1, kind: Node, metadata: {name: NAME}, spec: 1}".to_owned(),
        "{apiVersion: v1, kind: Secret, metadata: {name: NAME, namespace: a}, data: {k: dg==}}".to_owned(),
        "{apiVersion: v1, kind: Secret, metadata: {name: NAME, namespace: a}, data: {l: dg==}}".to_owned(),
        "{apiVersion: v1, kind: Secret, metadata: {name: NAME, namespace: a}, data: 1}".to_owned(),
        "{apiVersion: v1, kind: Service, metadata: {name: NAME, namespace: a}, spec: {clusterIP: 10.0.1.1, selector: {job-name: q}, ports: [{port: 80}]}}".to_owned(),
        "{apiVersion: v1, kind: Service, metadata: {name: NAME, namespace: a}, spec: {selector: {app: web}, ports: [{port: 80}]}}".to_owned(),
        "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: NAME, namespace: a, labels: {kubernetes.io/service-name: x3}}, addressType: IPv4, endpoints: [{addresses: [10.0.0.1]}]}".to_owned(),
        "{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: NAME, namespace: a}, spec: {}}".to_owned(),
        "{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: NAME, namespace: a}, spec: {version: none}}".to_owned(),
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: prometheus-x1, namespace: a}, spec: {template: {spec: {}}}}".to_owned(),
        "{apiVersion: batch/v1, kind: Job, metadata: {name: NAME, namespace: a}, spec: {template: {spec: {}}}}".to_owned(),
        "{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: NAME, namespace: a}, spec: {nets: [10.0.0.0/24]}}".to_owned(),
        "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: NAME, namespace: b}, spec: {}}".to_owned(),
        "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: NAME, namespace: b}, spec: {}}".to_owned(),
    ])
}

/// An object of a text, with what changes say of it.
pub(super) struct Written {
    group: String,
    pub(super) reference: ObjectReference,
    json: String,
}

impl Written {
    pub(super) fn read(text: &str) -> Self {
        let source = Source::new(text);
        let document = Document::read_all(&source).next().unwrap().unwrap();
        let resource = Resource::of(document.group(), document.kind());
        let namespace = document.namespace().filter(|_| resource.is_none_or(Resource::is_namespaced));
        let reference = ObjectReference {
            kind: document.kind().to_owned(),
            namespace: namespace.map(ToOwned::to_owned),
            name: document.name().to_owned(),
        };
        Self { group: document.group().to_owned(), reference, json: document.json().unwrap() }
    }

    fn resource(&self) -> Option<Resource> {
        Resource::of(&self.group, &self.reference.kind)
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.group, &self.reference) == (&other.group, &other.reference)
    }

    fn put(self) -> Change {
        match self.resource() {
            Some(resource) => Change::Put { resource, json: self.json },
            None => Change::PutUnmodelled { group: self.group, kind: self.reference.kind, json: self.json },
        }
    }

    fn delete(self) -> Change {
        match self.resource() {
            Some(_) => Change::Delete(self.reference),
            None => Change::DeleteUnmodelled { group: self.group, object: self.reference },
        }
    }
}

/// The reference and the kind of the only object of a text.
fn read(text: &str) -> (ObjectReference, Option<Resource>, String) {
    let written = Written::read(text);
    let resource = written.resource();
    (written.reference, resource, written.json)
}

fn built(objects: &[String]) -> Snapshot {
    snapshot(&objects.join("\n---\n"))
}

/// Puts an object among others, instead of the one of the same name.
fn put(objects: &mut Vec<String>, text: String) {
    let written = Written::read(&text);
    objects.retain(|object| !Written::read(object).is_same(&written));
    objects.push(text);
}

/// The changes of some steps, which become of the objects what they say.
fn changes(steps: Vec<Step>, objects: &mut Vec<String>) -> Vec<Change> {
    let change = |step| match step {
        Step::Put(number, form) => {
            let text = named(number, &form);
            put(objects, text.clone());
            Some(Written::read(&text).put())
        }
        Step::Delete(number) => (number < objects.len()).then(|| Written::read(&objects.remove(number)).delete()),
    };
    steps.into_iter().filter_map(change).collect()
}

proptest! {
    #[test]
    fn a_change_is_what_comes_of_the_changed_objects(
        objects in prop::collection::vec(any_object(), 0..12),
        steps in prop::collection::vec(step(any_object()), 0..8),
    ) {
        let mut after = Vec::new();
        objects.iter().enumerate().for_each(|(number, form)| put(&mut after, named(number, form)));
        let before = built(&after);
        let changes = changes(steps, &mut after);
        let expected = said(&built(&after));
        let at_once = before.with(&changes);
        prop_assert_eq!(said(&at_once), expected.clone(), "at once");
        let mut one_by_one = before.clone();
        let was = said(&before);
        for change in &changes {
            one_by_one = one_by_one.with(std::slice::from_ref(change));
        }
        prop_assert_eq!(said(&one_by_one), expected.clone(), "one by one");
        prop_assert_eq!(said(&before), was, "nothing changes what it comes from");
        let from_nothing: Vec<Change> = after.iter().map(|text| Written::read(text).put()).collect();
        prop_assert_eq!(said(&Snapshot::default().with(&from_nothing)), expected, "from nothing");
        let again = one_by_one.with(&from_nothing);
        prop_assert!(again.with(&from_nothing).is_same_as(&again));
    }

    #[test]
    fn a_builder_adds_and_removes_in_the_same_way(
        objects in prop::collection::vec(object(), 0..8),
        steps in prop::collection::vec(step(object()), 0..5),
    ) {
        let mut after: Vec<String> = objects.iter().enumerate().map(|(number, form)| named(number, form)).collect();
        let mut builder = Builder::from(built(&after));
        for step in steps {
            match step {
                Step::Put(number, form) => {
                    let text = named(number, &form);
                    let written = Written::read(&text);
                    let source = Source::new(&text);
                    let document = Document::read_all(&source).next().unwrap().unwrap();
                    let source = builder.source("change.yaml");
                    builder.remove(&written.reference);
                    builder.add_document(&document, Origin { source, position: None });
                    put(&mut after, text);
                }
                Step::Delete(number) => {
                    if number < after.len() {
                        builder.remove(&Written::read(&after.remove(number)).reference);
                    }
                }
            }
        }
        prop_assert_eq!(said(&builder.finish()), said(&built(&after)));
    }
}

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}, \
    spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}}";
const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, labels: {app: web}}, spec: {}}";

#[test]
fn a_template_stands_for_pods_again_where_the_last_of_them_goes() {
    let before = snapshot(&format!("{DEPLOYMENT}\n---\n{POD}"));
    assert_eq!(super::names(before.pods()), ["Pod a/p"]);
    let pod = (*before.pods().first().unwrap().object).clone();
    let without = before.with(&[Change::Delete(pod)]);
    assert_eq!(super::names(without.pods()), ["Deployment a/web"]);
    let again = without.with(&[Change::Put { resource: Resource::Pod, json: read(POD).2 }]);
    assert_eq!(again.pods(), before.pods());
}

#[test]
fn what_is_not_changed_is_shared_and_keeps_its_place() {
    let before = snapshot(&format!("{DEPLOYMENT}\n---\n{POD}"));
    let json = r#"{"metadata": {"name": "deny", "namespace": "a"}, "spec": {"podSelector": {}}}"#;
    let after = before.with(&[Change::Put { resource: Resource::NetworkPolicy, json: json.to_owned() }]);
    assert!(before.pods().iter().zip(after.pods()).all(|(before, after)| std::ptr::eq(before, after)));
    assert_eq!(after.objects(Resource::NetworkPolicy).count(), 1);
    for object in [&before.pods().first().unwrap().object, &read(DEPLOYMENT).0] {
        assert!(before.place_of(object).is_some(), "{object}");
        assert_eq!(before.place_of(object), after.place_of(object));
    }
}

#[test]
fn a_policy_that_mentions_a_label_of_single_pods_tells_them_apart() {
    let pod = |name: &str| {
        POD.replace("name: p,", &format!("name: {name},")).replace("app: web", &format!("job-name: {name}"))
    };
    let before = snapshot(&format!("{}\n---\n{}", pod("p"), pod("q")));
    let json = r#"{"metadata": {"name": "deny", "namespace": "a"}, "spec": {"podSelector": {"matchLabels": {"job-name": "p"}}}}"#;
    let after = before.with(&[Change::Put { resource: Resource::NetworkPolicy, json: json.to_owned() }]);
    assert_eq!((before.classes().count(), after.classes().count()), (1, 2));
}

#[test]
fn a_problem_goes_with_what_had_it() {
    let before = snapshot(&format!(
        "{POD}\n---\n{POD}\n---\n{}",
        POD.replace("name: p,", "name: q,").replace("spec: {}", "spec: 1")
    ));
    assert_eq!(before.problems().len(), 2);
    let reference =
        |name: &str| ObjectReference { kind: "Pod".to_owned(), namespace: Some("a".to_owned()), name: name.to_owned() };
    let after = before.with(&[
        Change::Delete(reference("p")),
        Change::Put { resource: Resource::Pod, json: read(POD).2.replace("\"p\"", "\"q\"") },
    ]);
    assert_eq!(after.problems(), []);
    assert_eq!(super::names(after.pods()), ["Pod a/q"]);
}

pub(super) fn put_of(text: &str) -> Change {
    Written::read(text).put()
}

pub(super) fn delete_of(text: &str) -> Change {
    Written::read(text).delete()
}

#[test]
fn what_makes_no_difference_is_no_other_snapshot() {
    let policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: a}, spec: {podSelector: {}}}";
    let node =
        "{apiVersion: v1, kind: Node, metadata: {name: node-a}, status: {conditions: [{type: Ready, status: 'True'}]}}";
    let before = Snapshot::default().with(&[put_of(POD), put_of(policy), put_of(node)]);
    assert_eq!((before.problems(), before.nodes().len()), ([].as_slice(), 1));
    let versions = "managedFields: [{manager: kubelet}], resourceVersion: '7', ";
    let written_again = [
        POD.replace("metadata: {", &format!("metadata: {{{versions}")),
        policy.replace("metadata: {", &format!("metadata: {{{versions}")).replace("spec:", "status: {x: 1}, spec:"),
        node.replace("status: 'True'", "status: 'True', lastHeartbeatTime: '2026-11-23T02:00:00Z'"),
    ];
    for text in written_again {
        assert!(before.with(&[put_of(&text)]).is_same_as(&before), "{text}");
    }
    let absent = "{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: a}, spec: {}}";
    let passed_over = "{apiVersion: example.com/v1, kind: Other, metadata: {name: q, namespace: a}, spec: {}}";
    assert!(before.with(&[delete_of(absent), put_of(passed_over), delete_of(passed_over)]).is_same_as(&before));
    assert!(before.clone().is_same_as(&before));
    assert!(!before.with(&[put_of(absent)]).is_same_as(&before));
    assert!(!Snapshot::default().is_same_as(&Snapshot::default()), "two that know nothing of each other");
}

#[test]
fn nodes_secrets_and_config_maps_go_when_they_are_deleted() {
    let node = "{apiVersion: v1, kind: Node, metadata: {name: node-a}}";
    let keys = |kind: &str| {
        format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: s, namespace: a}}, data: {{k: dg==}}}}")
    };
    let (secret, config) = (keys("Secret"), keys("ConfigMap"));
    let before = Snapshot::default().with(&[put_of(node), put_of(&secret), put_of(&config)]);
    let has = |snapshot: &Snapshot| {
        let has_key = |resource| snapshot.has_key(resource, "a", "s", "k");
        (snapshot.node("node-a").is_some(), has_key(Resource::Secret), has_key(Resource::ConfigMap))
    };
    assert_eq!(has(&before), (true, Some(true), Some(true)));
    assert_eq!(has(&before.with(&[delete_of(node)])), (false, Some(true), Some(true)));
    assert_eq!(has(&before.with(&[delete_of(&secret)])), (true, None, Some(true)));
    assert_eq!(has(&before.with(&[delete_of(&config)])), (true, Some(true), None));
}

#[test]
fn what_cannot_be_read_takes_the_place_of_what_it_was_until_it_can_be_read_again() {
    let labelled = POD.replace("labels: {app: web}", "labels: 1");
    let forms = [POD.replace("spec: {}", "spec: 1"), labelled];
    for broken in forms {
        let before = Snapshot::default().with(&[put_of(POD)]);
        let after = before.with(&[put_of(&broken)]);
        assert_eq!(after.pods().len(), 0, "{broken}");
        let [problem] = after.problems() else { panic!("{:?}", after.problems()) };
        assert_eq!(problem.object.as_ref().map(ToString::to_string).as_deref(), Some("Pod a/p"));
        assert!(problem.is_loss());
        assert!(after.with(&[put_of(&broken)]).is_same_as(&after), "told once");
        let mended = after.with(&[put_of(POD)]);
        assert_eq!((mended.pods().len(), mended.problems()), (1, [].as_slice()));
        assert_eq!(after.with(&[delete_of(POD)]).problems(), []);
    }
}

#[test]
fn what_is_no_object_at_all_is_a_problem_of_nobody() {
    let change = Change::Put { resource: Resource::Pod, json: "{".to_owned() };
    let snapshot = Snapshot::default().with(&[put_of(POD), change.clone()]);
    assert_eq!((snapshot.pods().len(), snapshot.problems().len()), (1, 1));
    assert!(snapshot.with(&[change]).is_same_as(&snapshot), "told once");
}
