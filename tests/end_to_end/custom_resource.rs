//! The definition of `ScrapeGuard`, judged by the API server: what it accepts, and how it says no.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::support::control_plane::{ControlPlane, Said};
use crate::support::installation::shipped;
use crate::support::poll::{self, Look};
use crate::support::suite::{Case, cases};

pub(crate) const CASES: &[Case] = cases![
    definition_is_established,
    guards_of_this_repository_are_accepted,
    mistakes_are_refused_in_words,
    guards_are_listed_with_what_matters,
];

/// A guard that says everything that can be said.
const EVERYTHING: &str = r#"
  namespace: monitoring
  prometheus: {name: prometheus-operator-kube-p-prometheus}
  components:
  - {name: query, selectorLabels: {app: query}, identifiedBy: [{container: query, port: 9090}], inMesh: true,
     ports: [{name: http, number: 9090, servicePorts: [80]}], serviceAccount: query, hostNetwork: false, optional: true}
  connections:
  - {from: {component: query}, to: prometheus, ports: [http-web], purpose: datasource}
  - {from: {apiServer: true}, to: query, ports: [http], purpose: webhook}
  - {from: {caller: {namespace: a, podLabels: {b: c}}}, to: query, ports: [http], purpose: ui}
  webAccess:
    callers: [{namespace: ingress-nginx, podLabels: {app.kubernetes.io/name: ingress-nginx}, serviceAccount: ingress-nginx}]
    to: [prometheus, alertmanager, grafana]
  mesh: {istio: auto, trustDomain: cluster.local, rootNamespace: istio-system, envoyStats: true}
  monitors: {inject: true, namespaceSelector: {}}
  companions: {networkPolicies: apply, authorizationPolicies: report, podMonitors: ignore, defaultDeny: true}
  enforcement: {mode: enforce, rules: {SG-NP-007: ignore}, denyLostTargets: false}
  exemptions: [{rule: SG-PM-008, object: {kind: PodMonitor, namespace: monitoring, name: envoy-stats}, reason: "cluster-wide on purpose", expires: "2027-01-01"}]
"#;

/// What is wrong with a specification, and what the user is told.
const MISTAKES: &[(&str, &str)] = &[
    ("{namspace: monitoring}", "unknown field \"spec.namspace\""),
    (
        "{enforcement: {mode: enforced}}",
        "Unsupported value: \"enforced\": supported values: \"enforce\", \"warn\", \"audit\"",
    ),
    (
        "{enforcement: {rules: {SG-NP-004: off}}}",
        "spec.enforcement.rules.SG-NP-004 in body must be of type string: \"boolean\"",
    ),
    ("{enforcement: {rules: {NP-4: ignore}}}", "rule ids look like SG-NP-004"),
    ("{release: My Release}", "this cannot be the name of a Helm release"),
    ("{components: [{name: My App, selectorLabels: {a: b}}]}", "a component's name has lower case letters"),
    ("{components: [{name: a, identifiedBy: [{}]}]}", "no sign is given, so every pod would be recognised"),
    ("{components: [{name: a, ports: [{name: b, number: 0}]}]}", "number in body should be greater than or equal to 1"),
    (
        "{connections: [{from: {component: a, apiServer: true}, to: b, ports: [c], purpose: ui}]}",
        "exactly one of component, apiServer: true and caller is needed",
    ),
    ("{connections: [{from: {apiServer: false}, to: b, ports: [c], purpose: ui}]}", "exactly one of component"),
    ("{connections: [{from: {}, to: b, ports: [c], purpose: ui}]}", "exactly one of component"),
    ("{connections: [{from: {component: a}, to: b, ports: [c]}]}", "spec.connections[0].purpose: Required value"),
    (
        "{exemptions: [{rule: SG-PM-008, object: {kind: PodMonitor, name: a}, reason: ' ', expires: '2027-01-01'}]}",
        "an exemption needs a reason",
    ),
    (
        "{exemptions: [{rule: SG-PM-008, object: {kind: PodMonitor, name: a}, reason: b, expires: tomorrow}]}",
        "this is neither a day such as 2027-01-01 nor an RFC 3339 time",
    ),
];

fn guard(name: &str, spec: &str) -> String {
    format!("apiVersion: scrapeguard.io/v1alpha1\nkind: ScrapeGuard\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn definition_is_established(cluster: &ControlPlane) -> Result<()> {
    install(cluster)?;
    let definition = cluster.kubectl().get("", "customresourcedefinition", "scrapeguards.scrapeguard.io")?;
    let conditions = definition.pointer("/status/conditions").and_then(|list| list.as_array()).context("no status")?;
    let status = |kind: &str| conditions.iter().find(|condition| condition["type"] == kind).map(|it| &it["status"]);
    ensure!(status("Established").is_some_and(|status| status == "True"), "not established: {conditions:?}");
    let structural = status("NonStructuralSchema").is_none_or(|status| status == "False");
    ensure!(structural, "the schema is not structural: {conditions:?}");
    Ok(())
}

fn guards_of_this_repository_are_accepted(cluster: &ControlPlane) -> Result<()> {
    install(cluster)?;
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut guards = vec![guard("everything", EVERYTHING), guard("nothing", "{}")];
    for file in [
        "examples/seed.yaml",
        "manifests/guard.yaml",
        "manifests/static/guard.yaml",
        "tests/review/guard.yaml",
        "src/model/guard/kube-prometheus-stack.yaml",
    ] {
        guards.push(fs::read_to_string(package.join(file)).with_context(|| file.to_owned())?);
    }
    for guard in &guards {
        let said = dry_run(cluster, guard)?;
        ensure!(said.succeeded && said.stderr.is_empty(), "refused:\n{guard}\n{}", said.stderr);
    }
    Ok(())
}

fn mistakes_are_refused_in_words(cluster: &ControlPlane) -> Result<()> {
    install(cluster)?;
    for (spec, message) in MISTAKES {
        let said = dry_run(cluster, &guard("mistake", spec))?;
        ensure!(!said.succeeded, "accepted: {spec}");
        ensure!(said.stderr.contains(message), "of {spec} is said:\n{}", said.stderr);
    }
    Ok(())
}

fn guards_are_listed_with_what_matters(cluster: &ControlPlane) -> Result<()> {
    install(cluster)?;
    let listed = guard("listed", "{namespace: seen, enforcement: {mode: warn}, mesh: {istio: ambient}}");
    cluster.kubectl().succeed(&["create", "--filename", "-"], &listed)?;
    let table = cluster.kubectl().succeed(&["get", "scrapeguards", "listed"], "")?.stdout;
    let row: Vec<&str> = table.lines().nth(1).context("no row")?.split_whitespace().take(4).collect();
    ensure!(row == ["listed", "seen", "warn", "ambient"], "the table is:\n{table}");
    Ok(())
}

fn dry_run(cluster: &ControlPlane, guard: &str) -> Result<Said> {
    cluster.kubectl().run(&["create", "--dry-run=server", "--filename", "-"], guard)
}

/// Creates the definition, once for all tests, and waits until guards are served.
fn install(cluster: &ControlPlane) -> Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().map_err(|_| anyhow!("the definition could not be installed"))?;
    if *installed {
        return Ok(());
    }
    let said = cluster.kubectl().succeed(&["create", "--filename", "-"], &shipped("crd.yaml")?)?;
    ensure!(said.stderr.is_empty(), "the definition gives warnings:\n{}", said.stderr);
    poll::until("guards to be served", Duration::from_secs(20), || {
        let said = cluster.kubectl().run(&["get", "scrapeguards"], "")?;
        Ok(if said.succeeded { Look::Ready(()) } else { Look::not_yet(said.stderr) })
    })?;
    *installed = true;
    Ok(())
}
