//! One element of the operator's `scrape_configs` beside one of our pools.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use scrapeguard::engine::reach::mesh::ClientTls;
use scrapeguard::engine::scrape::{Discovery, RelabelingStep, Role, Scope, ScrapePool};
use scrapeguard::model::Text;
use scrapeguard::model::selector::{self, LabelSelector};
use serde_json::{Map, Value, json};

/// How many steps the operator adds for shards, to all but ScrapeConfigs.
const OF_SHARDS: usize = 3;

/// Whether both say the same.
///
/// # Errors
/// What is different.
pub(crate) fn agree(ours: &ScrapePool, theirs: &Value, question: &Value) -> Result<()> {
    ensure!(theirs["job_name"] == ours.name.as_str(), "{} is called {}", ours.name, theirs["job_name"]);
    same("settings", &settings(ours), &their_settings(theirs, question, ours))?;
    discoveries(ours, theirs)?;
    relabeling(ours, theirs)?;
    tls(ours, theirs)
}

fn same(what: &str, ours: &Value, theirs: &Value) -> Result<()> {
    ensure!(ours == theirs, "{what}: we have {ours}\n  the operator {theirs}");
    Ok(())
}

fn settings(ours: &ScrapePool) -> Value {
    let settings = &ours.settings;
    let params: Map<String, Value> =
        settings.params.iter().map(|(name, values)| (name.clone(), json!(values))).collect();
    json!([settings.scheme, settings.metrics_path, params, settings.scrape_interval, settings.scrape_timeout])
}

/// What Prometheus fills in is filled in; of the timeout, with what we say.
fn their_settings(theirs: &Value, question: &Value, ours: &ScrapePool) -> Value {
    let global = question["prometheus"]["spec"]["scrapeInterval"].as_str().unwrap_or("30s");
    let or = |field: &str, default: Value| theirs.get(field).cloned().unwrap_or(default);
    let params = match or("params", json!({})) {
        Value::Object(params) => params.into_iter().map(|(name, values)| (name, empty_for_null(values))).collect(),
        other => other,
    };
    json!([
        or("scheme", json!("http")),
        or("metrics_path", json!("/metrics")),
        params,
        or("scrape_interval", json!(global)),
        or("scrape_timeout", json!(ours.settings.scrape_timeout))
    ])
}

fn empty_for_null(value: Value) -> Value {
    if value.is_null() { json!([]) } else { value }
}

fn discoveries(ours: &ScrapePool, theirs: &Value) -> Result<()> {
    let list = |field: &str| theirs[field].as_array().cloned().unwrap_or_default();
    let listed: Vec<Value> = ours.discoveries.iter().filter_map(of_static).collect();
    let static_configs: Vec<Value> = list("static_configs").iter().map(their_static).collect();
    same("static_configs", &json!(listed), &json!(static_configs))?;
    let looked: Vec<&Discovery> = ours.discoveries.iter().filter(|it| of_static(it).is_none()).collect();
    let (objects, elsewhere): (Vec<&Discovery>, Vec<&Discovery>) = looked
        .into_iter()
        .partition(|it| matches!(it, Discovery::Kubernetes { .. } | Discovery::Elsewhere("kubernetesSDConfigs")));
    let theirs_kubernetes = list("kubernetes_sd_configs");
    ensure!(objects.len() == theirs_kubernetes.len(), "{objects:?}\n  the operator {theirs_kubernetes:?}");
    for (ours_one, theirs_one) in objects.iter().zip(&theirs_kubernetes) {
        kubernetes(ours, ours_one, theirs_one)?;
    }
    let ours_elsewhere: BTreeSet<String> = elsewhere.iter().map(|it| field_of(it)).collect();
    let theirs_elsewhere: BTreeSet<String> = theirs
        .as_object()
        .context("no object")?
        .keys()
        .filter_map(|field| field.strip_suffix("_sd_configs"))
        .filter(|field| *field != "kubernetes")
        .map(str::to_owned)
        .collect();
    ensure!(
        ours_elsewhere == theirs_elsewhere,
        "{ours_elsewhere:?} is elsewhere, {theirs_elsewhere:?} for the operator"
    );
    Ok(())
}

fn field_of(discovery: &Discovery) -> String {
    match discovery {
        Discovery::Elsewhere(field) => field.trim_end_matches("SDConfigs").to_ascii_lowercase(),
        other => format!("{other:?}"),
    }
}

fn of_static(discovery: &Discovery) -> Option<Value> {
    let Discovery::Static { addresses, labels } = discovery else { return None };
    let labels: Map<String, Value> = labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    Some(json!({"targets": addresses, "labels": labels}))
}

fn their_static(config: &Value) -> Value {
    let labels = if config["labels"].is_null() { json!({}) } else { config["labels"].clone() };
    json!({"targets": empty_for_null(config["targets"].clone()), "labels": labels})
}

fn kubernetes(pool: &ScrapePool, ours: &Discovery, theirs: &Value) -> Result<()> {
    let asks_elsewhere = theirs.get("api_server").is_some();
    let Discovery::Kubernetes { role, scope } = ours else {
        ensure!(asks_elsewhere, "the operator looks for {theirs} here");
        return Ok(());
    };
    if asks_elsewhere {
        let told = pool.not_considered.iter().any(|reason| reason.contains("apiserverConfig"));
        ensure!(told, "nothing is said of {theirs}");
    }
    let names = match their_namespaces(theirs) {
        names if names.is_empty() => None,
        names => Some(names),
    };
    ensure!(scope.namespaces == names, "{:?} are looked at, {names:?} by the operator", scope.namespaces);
    ensure!(theirs["role"] == name(*role), "{role:?}, and for the operator {}", theirs["role"]);
    ensure!(scope.attach_node == (theirs["attach_metadata"]["node"] == json!(true)), "{scope:?}, {theirs}");
    selectors(pool, *role, scope, theirs)
}

fn their_namespaces(theirs: &Value) -> Vec<String> {
    let namespaces = &theirs["namespaces"];
    let names = namespaces["names"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let own = (namespaces["own_namespace"] == json!(true)).then_some("monitoring");
    names.chain(own).map(str::to_owned).collect()
}

/// Those of the role itself must be the same. All others must be told, or say the same.
fn selectors(pool: &ScrapePool, role: Role, scope: &Scope, theirs: &Value) -> Result<()> {
    let written = theirs["selectors"].as_array().cloned().unwrap_or_default();
    let is_told = pool.not_considered.iter().any(|reason| reason.contains("selectors"));
    let wanted = requirements(scope.label_selector.as_ref());
    if written.is_empty() {
        ensure!(wanted.is_empty(), "{wanted:?} is asked of the API server, and not by the operator");
    }
    for selector in written {
        let label = selector["label"].as_str().unwrap_or_default();
        let parsed = selector::parse(label).with_context(|| format!("{label} cannot be read"))?;
        let is_same = selector.get("field").is_none() && requirements(Some(&parsed)) == wanted;
        ensure!(is_same || is_told, "{wanted:?} is asked of the API server, by the operator {selector}");
        if is_told && selector["role"] == name(role) && selector.get("field").is_none() {
            ensure!(requirements(Some(&parsed)) == wanted, "{wanted:?} is asked, by the operator {selector}");
        }
    }
    Ok(())
}

fn requirements(selector: Option<&LabelSelector<'_>>) -> BTreeSet<(String, String, BTreeSet<String>)> {
    let Some(selector) = selector else { return BTreeSet::new() };
    let labels = selector.match_labels.iter();
    let labels = labels.map(|(key, value)| (key.to_owned(), "In".to_owned(), BTreeSet::from([value.to_owned()])));
    let expressions = selector
        .match_expressions
        .iter()
        .map(|it| (it.key.to_string(), it.operator.to_string(), it.values.iter().map(ToString::to_string).collect()));
    labels.chain(expressions).collect()
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::Pod => "pod",
        Role::EndpointSlice => "endpointslice",
        Role::Endpoints => "endpoints",
        Role::Service => "service",
        Role::Ingress => "ingress",
        Role::Node => "node",
    }
}

/// Every step in its place, but for those of shards.
fn relabeling(ours: &ScrapePool, theirs: &Value) -> Result<()> {
    let mut written: Vec<Value> =
        theirs["relabel_configs"].as_array().context("no relabel_configs")?.iter().map(normal).collect();
    if ours.monitor.kind != "ScrapeConfig" {
        written.truncate(written.len().saturating_sub(OF_SHARDS));
    }
    let steps: Vec<Value> = ours.relabeling.iter().map(step).collect();
    if steps.len() != written.len() {
        let refused = ours.not_considered.iter().filter(|reason| reason.contains("cannot be run")).count();
        ensure!(steps.len() + refused == written.len(), "{steps:?}\n  the operator {written:?}");
        written.retain(|theirs| steps.contains(theirs));
    }
    same("relabel_configs", &json!(steps), &json!(written))
}

fn step(step: &RelabelingStep) -> Value {
    let config = step.step.config();
    let action = config.action.as_deref().unwrap_or_default();
    let fields = [
        ("action", (!action.is_empty()).then(|| json!(action))),
        (
            "source_labels",
            (!config.source_labels.is_empty()).then(|| config.source_labels.iter().map(Text::as_str).collect()),
        ),
        ("separator", config.separator.as_deref().map(Value::from)),
        ("regex", config.regex.as_deref().map(Value::from)),
        ("modulus", config.modulus.map(Value::from)),
        ("target_label", config.target_label.as_deref().map(Value::from)),
        ("replacement", config.replacement.as_deref().map(Value::from)),
    ];
    normal(
        &fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into(),
    )
}

/// Without what says nothing; numbers are texts, as Prometheus reads them.
fn normal(step: &Value) -> Value {
    let fields = step.as_object().into_iter().flatten().map(|(name, value)| {
        let value = match value {
            Value::Number(number) => json!(number.to_string()),
            Value::String(text) if name == "action" => json!(text.to_ascii_lowercase()),
            other => other.clone(),
        };
        (name.clone(), value)
    });
    let says_nothing = |name: &str, value: &Value| match name {
        "action" => value == "replace",
        "regex" | "target_label" => value == "",
        "modulus" => value == "0",
        _ => false,
    };
    fields.filter(|(name, value)| !says_nothing(name, value)).collect::<Map<_, _>>().into()
}

/// What TLS is for the mesh, told from the operator's text.
fn tls(ours: &ScrapePool, theirs: &Value) -> Result<()> {
    let file = |name: &str| theirs["tls_config"][name].as_str();
    let is_of_mesh = |file: &str| file.starts_with("/etc/prom-certs/");
    let https = match (file("cert_file"), file("key_file")) {
        (None, None) => ClientTls::None,
        (Some(cert), Some(key)) if is_of_mesh(cert) && is_of_mesh(key) => ClientTls::IstioCertificates,
        _ => ClientTls::Unknown,
    };
    let expected = if theirs["scheme"] == "https" { https } else { ClientTls::None };
    match ours.tls {
        // Relabeling may write another scheme.
        ClientTls::Unknown => Ok(()),
        tls if tls == expected => Ok(()),
        tls => bail!("{tls:?}, and for the operator {expected:?}: {}", theirs["tls_config"]),
    }
}
