//! What becomes of what is discovered: the rules of `prometheus/scrape/target.go`, and laws.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::engine::reach::mesh::ClientTls;
use crate::engine::scrape::discovery::tests::laws::{any_cluster, everything};
use crate::engine::scrape::discovery::tests::snapshot;
use crate::engine::scrape::{
    Discovered, Discovery, RelabelingStep, Role, Scope, ScrapePool, ScrapeSettings, StepSource, discover,
};
use crate::model::relabeling::{LabelSet, PrometheusVersion, RelabelConfig, Step};
use crate::model::{FieldPath, ObjectReference};

fn step(config: &str) -> Step {
    let config: RelabelConfig<'_> = serde_json::from_str(config).unwrap();
    Step::new(&config, PrometheusVersion::LATEST).unwrap()
}

/// A pool of steps that are given as JSON.
fn pool(steps: &[&str]) -> ScrapePool {
    let monitor = ObjectReference { kind: "PodMonitor".to_owned(), namespace: None, name: "web".to_owned() };
    let source = StepSource::User(monitor.clone(), FieldPath::of("spec"));
    ScrapePool {
        name: "podMonitor/shop/web/0".to_owned(),
        monitor,
        path: FieldPath::of("spec"),
        discoveries: Vec::new(),
        relabeling: steps.iter().map(|it| RelabelingStep { step: step(it), source: source.clone() }).collect(),
        settings: ScrapeSettings {
            scheme: "http".to_owned(),
            metrics_path: "/metrics".to_owned(),
            params: vec![("module".to_owned(), vec!["a b".to_owned(), "c".to_owned()]), ("none".to_owned(), vec![])],
            scrape_interval: "60s".to_owned(),
            scrape_timeout: "10s".to_owned(),
        },
        tls: ClientTls::default(),
        not_considered: Vec::new(),
    }
}

/// Something that is listed with these labels.
fn listed(labels: &[(&str, &str)]) -> Discovered<'static> {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let snapshot = Box::leak(Box::default());
    let found = discover(&Discovery::Static { addresses: vec!["10.0.0.1:80".to_owned()], labels }, snapshot);
    found.discovered.into_iter().next().unwrap()
}

#[test]
fn labels_before_relabeling() {
    let pool = pool(&[]);
    let labels = Scraper::new(&pool).discovered_labels(&listed(&[("job", "own"), ("__scheme__", "")]));
    let lines: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = [
        "__address__=10.0.0.1:80",
        "__always_scrape_classic_histograms__=false",
        "__convert_classic_histograms_to_nhcb__=false",
        "__metrics_path__=/metrics",
        "__param_module=a b",
        "__scheme__=http",
        "__scrape_interval__=1m",
        "__scrape_native_histograms__=false",
        "__scrape_timeout__=10s",
        "job=own",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_target_has_a_url_and_labels() {
    let pool = pool(&[
        r#"{"targetLabel": "team", "replacement": "a"}"#,
        r#"{"targetLabel": "__param_module", "replacement": "ä"}"#,
        r#"{"targetLabel": "__metrics_path__", "replacement": "probe"}"#,
        r#"{"targetLabel": "__meta_own", "replacement": "gone"}"#,
        r#"{"targetLabel": "__tmp", "replacement": "hidden"}"#,
    ]);
    let expected = Target {
        address: "10.0.0.1:80".to_owned(),
        scrape_url: "http://10.0.0.1:80/probe?module=%C3%A4&module=c".to_owned(),
        labels: [("instance", "10.0.0.1:80"), ("job", "podMonitor/shop/web/0"), ("team", "a")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        pod: None,
        container: None,
    };
    assert_eq!(Scraper::new(&pool).fate(&listed(&[])), Fate::Active(expected));
}

#[test]
fn an_instance_that_is_given_stays() {
    let pool = pool(&[]);
    let Fate::Active(target) = Scraper::new(&pool).fate(&listed(&[("instance", "own")])) else { panic!() };
    assert!(target.labels.contains(&("instance".to_owned(), "own".to_owned())));
}

#[rstest]
#[case("__address__", "a:80/path", Some(r#""a:80/path" is no valid host name"#))]
#[case("__address__", "a", None)]
#[case("__scrape_interval__", "often", Some(r#"the scrape interval "often" is no duration"#))]
#[case("__scrape_interval__", "0s", Some("the scrape interval is zero"))]
#[case("__scrape_interval__", "5s", Some("the scrape timeout 10s is longer than the scrape interval 5s"))]
#[case("__scrape_interval__", "10s", None)]
#[case("__scrape_timeout__", "1", Some(r#"the scrape timeout "1" is no duration"#))]
#[case("__scrape_timeout__", "0", Some("the scrape timeout is zero"))]
#[case("__scrape_native_histograms__", "maybe", Some(r#"__scrape_native_histograms__ is no boolean: "maybe""#))]
#[case("__scrape_native_histograms__", "T", None)]
#[case("__scheme__", "gopher", None)]
fn what_prometheus_refuses(#[case] label: &str, #[case] value: &str, #[case] refusal: Option<&str>) {
    let step = format!(r#"{{"targetLabel": "{label}", "replacement": "{value}"}}"#);
    let pool = pool(&[&step]);
    match Scraper::new(&pool).fate(&listed(&[])) {
        Fate::Refused(reason) => assert_eq!(Some(reason.as_str()), refusal),
        fate => assert!(refusal.is_none() && matches!(fate, Fate::Active(_)), "{fate:?}"),
    }
}

#[rstest]
#[case(r#"{"action": "drop", "sourceLabels": ["job"]}"#, Fate::DroppedBy(1))]
#[case(r#"{"action": "keep", "sourceLabels": ["__address__"], "regex": "a.*"}"#, Fate::DroppedBy(1))]
#[case(r#"{"targetLabel": "__address__", "replacement": ""}"#, Fate::WithoutAddress)]
#[case(r#"{"action": "labeldrop", "regex": "__address__"}"#, Fate::WithoutAddress)]
#[case(r#"{"action": "labelkeep", "regex": "__address__"}"#, Fate::Refused("the scrape interval \"\" is no duration".to_owned()))]
fn what_is_dropped(#[case] config: &str, #[case] fate: Fate<'static>) {
    let pool = pool(&[r#"{"targetLabel": "team", "replacement": "a"}"#, config]);
    assert_eq!(Scraper::new(&pool).fate(&listed(&[])), fate);
}

const TEMPLATE: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: \
    {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}}}}";

/// Of a pod that is still to be made, some steps decide by what nobody knows, also after it was copied.
#[rstest]
#[case(&[r#"{"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_label_app"], "regex": "web"}"#], None)]
#[case(&[r#"{"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "pod"}"#], None)]
#[case(&[r#"{"action": "keep", "sourceLabels": ["job", "__meta_kubernetes_pod_name"]}"#],
       Some((0, "__meta_kubernetes_pod_name")))]
#[case(&[r#"{"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "pod"}"#,
         r#"{"action": "drop", "sourceLabels": ["pod"], "regex": "web-1.*"}"#], Some((1, "pod")))]
#[case(&[r#"{"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "pod"}"#,
         r#"{"targetLabel": "pod", "replacement": "all"}"#,
         r#"{"action": "keep", "sourceLabels": ["pod"], "regex": "all"}"#], None)]
#[case(&[r#"{"action": "labelmap", "regex": "__meta_kubernetes_(pod_name)"}"#,
         r#"{"action": "keep", "sourceLabels": ["pod_name"], "regex": "all"}"#], Some((1, "pod_name")))]
#[case(&[r#"{"sourceLabels": ["__meta_kubernetes_pod_name"], "regex": "(.*)-.*", "targetLabel": "of_$1"}"#,
         r#"{"action": "keep", "sourceLabels": ["of_web"]}"#], Some((1, "of_web")))]
#[case(&[r#"{"action": "hashmod", "sourceLabels": ["__address__"], "modulus": 2, "targetLabel": "__tmp_hash"}"#,
         r#"{"action": "keep", "sourceLabels": ["__tmp_hash"], "regex": "0"}"#], Some((1, "__tmp_hash")))]
#[case(&[r#"{"action": "keepequal", "sourceLabels": ["job"], "targetLabel": "__meta_kubernetes_pod_ip"}"#],
       Some((0, "__meta_kubernetes_pod_ip")))]
#[case(&[r#"{"action": "drop", "sourceLabels": ["__meta_kubernetes_pod_phase"], "regex": "(Failed|Succeeded)"}"#], None)]
fn nobody_knows(#[case] steps: &[&str], #[case] expected: Option<(usize, &str)>) {
    let (snapshot, pool) = (snapshot(TEMPLATE), pool(steps));
    let pods = Discovery::Kubernetes { role: Role::Pod, scope: Scope::default() };
    let found = discover(&pods, &snapshot);
    match Scraper::new(&pool).fate(&found.discovered[0]) {
        Fate::Undecided(step, label) => assert_eq!(Some((step, label.as_str())), expected),
        fate => assert!(expected.is_none() && matches!(fate, Fate::Active(_)), "{fate:?}"),
    }
}

#[test]
fn what_stands_for_an_address_can_be_put_together_anew() {
    let pool =
        pool(&[r#"{"sourceLabels": ["__meta_kubernetes_pod_ip", "__meta_kubernetes_pod_container_port_number"],
        "regex": "(.+);(.+)", "replacement": "$1:1$2", "targetLabel": "__address__"}"#]);
    let snapshot = snapshot(TEMPLATE);
    let pods = Discovery::Kubernetes { role: Role::Pod, scope: Scope::default() };
    let found = discover(&pods, &snapshot);
    let Fate::Active(target) = Scraper::new(&pool).fate(&found.discovered[0]) else { panic!() };
    assert_eq!(target.scrape_url, "http://<Deployment.web.shop>:180/metrics?module=a+b&module=c");
    assert_eq!(target.pod.map(|pod| pod.object.name.as_str()), Some("web"));
}

/// Steps that read and write all kinds of labels.
const STEPS: [&str; 14] = [
    r#"{"sourceLabels": ["job"], "targetLabel": "__tmp_prometheus_job_name"}"#,
    r#"{"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_label_app", "__meta_kubernetes_pod_labelpresent_app"],
        "regex": "(web);true"}"#,
    r#"{"action": "drop", "sourceLabels": ["__meta_kubernetes_pod_phase"], "regex": "(Failed|Succeeded)"}"#,
    r#"{"action": "keep", "sourceLabels": ["__meta_kubernetes_endpointslice_port_name"], "regex": "|http|p"}"#,
    r#"{"sourceLabels": ["__meta_kubernetes_pod_label_a_b"], "targetLabel": "ab"}"#,
    r#"{"sourceLabels": ["__meta_kubernetes_namespace"], "targetLabel": "namespace"}"#,
    r#"{"sourceLabels": ["__address__", "__meta_kubernetes_pod_annotation_prometheus_io_port"],
        "regex": "(.+?)(?::\\d+)?;(\\d+)", "replacement": "$1:$2", "targetLabel": "__address__"}"#,
    r#"{"action": "labelmap", "regex": "__meta_kubernetes_pod_label_(.+)"}"#,
    r#"{"action": "labeldrop", "regex": "ab|__param_.*|__tmp_.*"}"#,
    r#"{"action": "labelkeep", "regex": "__.*|job|namespace"}"#,
    r#"{"action": "hashmod", "sourceLabels": ["__address__"], "modulus": 3, "targetLabel": "shard"}"#,
    r#"{"action": "uppercase", "sourceLabels": ["namespace"], "targetLabel": "namespace"}"#,
    r#"{"action": "dropequal", "sourceLabels": ["ab"], "targetLabel": "app"}"#,
    r#"{"targetLabel": "__meta_kubernetes_pod_label_app", "replacement": ""}"#,
];

proptest! {
    #[test]
    fn labels_that_are_made_late_are_the_same(
        cluster in any_cluster(),
        attach in any::<bool>(),
        chosen in proptest::collection::vec(0..STEPS.len(), 0..8),
    ) {
        let steps: Vec<&str> = chosen.iter().filter_map(|number| STEPS.get(*number).copied()).collect();
        let (pool, snapshot) = (pool(&steps), snapshot(&cluster));
        let scraper = Scraper::new(&pool);
        for thing in everything(&snapshot, attach) {
            let mut labels = scraper.discovered_labels(&thing);
            let dropping = pool.relabeling.iter().position(|it| !it.step.run(&mut labels));
            match (scraper.fate(&thing), dropping) {
                (Fate::DroppedBy(step), expected) => prop_assert_eq!(Some(step), expected),
                (Fate::Undecided(step, _), expected) => prop_assert!(!thing.knows_all() && expected.is_none_or(|it| it >= step)),
                (fate, expected) => {
                    prop_assert_eq!(expected, None);
                    same(fate, &labels)?;
                }
            }
        }
    }
}

fn same(fate: Fate<'_>, labels: &LabelSet) -> Result<(), TestCaseError> {
    let address = labels.get("__address__");
    match fate {
        Fate::Active(target) => {
            prop_assert_eq!(&target.address, address);
            prop_assert!(target.labels.is_sorted());
            let instance = target.labels.iter().find(|(name, _)| name == "instance");
            prop_assert!(instance.is_some());
            let others = target.labels.iter().filter(|(name, _)| name != "instance");
            let others: Vec<_> = others.map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let mut expected: Vec<_> =
                labels.iter().filter(|(name, _)| !name.starts_with("__") && *name != "instance").collect();
            expected.sort_unstable();
            prop_assert_eq!(others, expected);
        }
        Fate::WithoutAddress => prop_assert_eq!(address, ""),
        fate => prop_assert!(false, "{:?}", fate),
    }
    Ok(())
}
