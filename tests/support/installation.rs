//! scrapeguard installed on the test cluster: the real program with the arguments of our Deployment, called by the
//! webhook configurations that we ship.
//!
//! An installation guards one namespace. What the shipped files say of the namespace `monitoring` holds for that one;
//! and it is only called for namespaces of its own, so that tests do not meet.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::control_plane::keys::Authority;
use super::control_plane::process::Process;
use super::control_plane::{ControlPlane, Said};
use super::poll::{self, Look};

/// The label that ties a namespace to the installation of its test.
const TEST: &str = "scrapeguard.io/test";
/// What the shipped files call the guarded namespace.
const SHIPPED_NAMESPACE: &str = "monitoring";

/// A running server that the API server calls for the namespaces of one test.
pub(crate) struct Installation<'a> {
    cluster: &'a ControlPlane,
    namespace: String,
    server: Process,
    health: SocketAddr,
}

impl<'a> Installation<'a> {
    /// Installs scrapeguard for a new namespace with these labels. `guard` is what the guard's `spec` says besides the
    /// namespace: YAML, each line indented by two.
    pub(crate) fn new(cluster: &'a ControlPlane, stem: &str, labels: &[&str], guard: &str) -> Result<Self> {
        let namespace = cluster.namespace(stem, labels)?;
        let files = cluster.directory().join(&namespace);
        fs::create_dir(&files)?;
        let authority = Authority::new("scrapeguard-test-webhook")?;
        authority.server(&files, "tls", &["127.0.0.1"])?;
        fs::write(files.join("guard.yaml"), (shipped("guard.yaml")? + guard).replace(SHIPPED_NAMESPACE, &namespace))?;
        let program = Path::new(env!("CARGO_BIN_EXE_scrapeguard"));
        let mut server = Process::start(&namespace, program, arguments(&files)?, &cluster.logs())?;
        let admission = server.wait_for_line("the admission address", |line| address(line, "admission"))?;
        let health = server.wait_for_line("the health address", |line| address(line, "health"))?;
        let installation = Self { cluster, namespace, server, health };
        installation.adopt(&installation.namespace)?;
        installation.register(admission, authority.certificate())?;
        installation.wait_until_called(&installation.namespace)?;
        Ok(installation)
    }

    /// The guarded namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Another namespace that the webhooks are called for.
    pub(crate) fn other_namespace(&self, stem: &str, labels: &[&str]) -> Result<String> {
        let namespace = self.cluster.namespace(stem, labels)?;
        self.adopt(&namespace)?;
        self.wait_until_called(&namespace)?;
        Ok(namespace)
    }

    /// Runs `kubectl <verb> -f -` on these manifests in the guarded namespace, whatever namespace they name.
    pub(crate) fn kubectl(&self, verb: &[&str], manifests: &str) -> Result<Said> {
        let mut manifests = manifests.to_owned();
        for before in ["namespace: ", "/ns/"] {
            let [shipped, ours] = [SHIPPED_NAMESPACE, &self.namespace].map(|name| format!("{before}{name}"));
            manifests = manifests.replace(&shipped, &ours);
        }
        let arguments = [verb, &["--namespace", &self.namespace, "--filename", "-"]].concat();
        self.cluster.kubectl().run(&arguments, &manifests)
    }

    /// An object of the guarded namespace, as it is stored.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Result<Value> {
        self.cluster.kubectl().get(&self.namespace, kind, name)
    }

    /// Whether the guarded namespace has this object.
    pub(crate) fn has(&self, kind: &str, name: &str) -> Result<bool> {
        let arguments = ["get", "--namespace", &self.namespace, kind, name, "--ignore-not-found", "--output", "name"];
        Ok(!self.cluster.kubectl().succeed(&arguments, "")?.stdout.is_empty())
    }

    /// Stops the server as the kubelet does.
    pub(crate) fn stop_server(&mut self) -> Result<()> {
        let status = self.server.stop("TERM")?;
        ensure!(status.success(), "the server ended with {status}:\n{}", self.server.log_tail(20));
        Ok(())
    }

    /// Changes the mode that the guarded namespace asks for, and waits until that has taken effect.
    pub(crate) fn set_mode(&self, mode: Option<&str>) -> Result<()> {
        let label = mode.map_or("scrapeguard.io/mode-".to_owned(), |mode| format!("scrapeguard.io/mode={mode}"));
        let arguments = ["label", "--overwrite", "namespace", &self.namespace, &label];
        self.cluster.kubectl().succeed(&arguments, "")?;
        self.wait_until_called(&self.namespace)
    }

    fn adopt(&self, namespace: &str) -> Result<()> {
        let label = format!("{TEST}={}", self.namespace);
        self.cluster.kubectl().succeed(&["label", "namespace", namespace, &label], "").map(drop)
    }

    fn register(&self, address: SocketAddr, authority: &str) -> Result<()> {
        let mut configurations: Vec<Value> = serde_saphyr::from_multiple(&shipped("webhook.yaml")?)?;
        for configuration in &mut configurations {
            self.adapt(configuration, address, authority)?;
        }
        let list = json!({"apiVersion": "v1", "kind": "List", "items": configurations}).to_string();
        self.cluster.kubectl().succeed(&["create", "--filename", "-"], &list).map(drop)
    }

    /// Turns a shipped webhook configuration into one that calls this server for namespaces of this test.
    fn adapt(&self, configuration: &mut Value, address: SocketAddr, authority: &str) -> Result<()> {
        configuration["metadata"] = json!({"name": self.namespace});
        let webhooks = configuration["webhooks"].as_array_mut().context("a configuration has no webhooks")?;
        for webhook in webhooks {
            let path = webhook.pointer("/clientConfig/service/path").and_then(Value::as_str).context("no path")?;
            let url = format!("https://{address}{path}");
            webhook["clientConfig"] = json!({"url": url, "caBundle": BASE64_STANDARD.encode(authority)});
            let expressions = webhook.pointer_mut("/namespaceSelector/matchExpressions").and_then(Value::as_array_mut);
            let expressions = expressions.context("a webhook selects no namespaces")?;
            for value in expressions.iter_mut().filter_map(|expression| expression["values"].as_array_mut()).flatten() {
                if value == SHIPPED_NAMESPACE {
                    *value = json!(self.namespace);
                }
            }
            expressions.push(json!({"key": TEST, "operator": "In", "values": [self.namespace]}));
        }
        Ok(())
    }

    /// Webhook configurations take effect some time after they are stored: makes requests that change nothing until
    /// the server has seen one of each step.
    fn wait_until_called(&self, namespace: &str) -> Result<()> {
        let steps: &[_] = if namespace == self.namespace { &["mutate", "validate"] } else { &["validate"] };
        let before = self.metrics()?;
        poll::until("the webhooks to take effect", Duration::from_secs(20), || {
            let dry_run = ["create", "--dry-run=server", "--namespace", namespace, "--filename", "-"];
            self.cluster.kubectl().run(&dry_run, HARMLESS)?;
            let now = self.metrics()?;
            let idle = steps.iter().find(|step| reviews(&now, step) <= reviews(&before, step));
            Ok(idle.map_or_else(|| Look::Ready(()), |step| Look::NotYet(format!("no call to {step}"))))
        })
    }

    /// What the server says of itself, in OpenMetrics text.
    pub(crate) fn metrics(&self) -> Result<String> {
        let mut connection = TcpStream::connect(self.health)?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        connection.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// Objects that no rule has anything to say about, one for each kind of webhook.
const HARMLESS: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: harmless}
spec: {containers: [{name: harmless, image: harmless}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: harmless}
spec: {podSelector: {matchLabels: {app: harmless}}, policyTypes: [Ingress]}
";

/// A file of `manifests/`.
pub(crate) fn shipped(name: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name);
    fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
}

/// The arguments of our Deployment, with the places of a test for those of a pod.
fn arguments(files: &Path) -> Result<Vec<String>> {
    let deployment: Value = serde_saphyr::from_str(&shipped("deployment.yaml")?)?;
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args").and_then(Value::as_array);
    let files = format!("{}/", files.display());
    let adapted = arguments.context("the Deployment has no arguments")?.iter().filter_map(Value::as_str).map(|text| {
        let text = text.replace("0.0.0.0:8443", "127.0.0.1:0").replace("0.0.0.0:8080", "127.0.0.1:0");
        text.replace("/certs/", &files).replace("/etc/scrapeguard/", &files)
    });
    // No load balancer has to notice that this server stops.
    Ok(adapted.chain(["--drain-delay=0".to_owned()]).collect())
}

/// The address in a line such as `health     http://127.0.0.1:8080/livez, /readyz and /metrics`, with which the server
/// says where it listens.
fn address(line: &str, listener: &str) -> Option<SocketAddr> {
    let (_, rest) = line.strip_prefix(listener)?.split_once("://")?;
    rest.split_once('/')?.0.parse().ok()
}

/// How many reviews of this step the server has answered.
fn reviews(metrics: &str, step: &str) -> u64 {
    let counter = "scrapeguard_admission_requests_total{";
    let lines = metrics.lines().filter(|line| line.starts_with(counter) && line.contains(step));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}
