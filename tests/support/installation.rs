//! scrapeguard installed on the test cluster without access to its API server: the real program with the arguments of our
//! Deployment, called by the webhook configurations that we ship in `manifests/static`.
//!
//! An installation guards one namespace. What the shipped files say of the namespace `monitoring` holds for that one;
//! and it is only called for namespaces of its own, so that tests do not meet.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use scrapeguard::model::guard::{Guard, Guards};
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
    /// Installs scrapeguard for a new namespace with these labels; the API server calls it by URL. `guard` is what the
    /// guard's `spec` says besides the namespace: YAML, each line indented by two.
    pub(crate) fn new(cluster: &'a ControlPlane, stem: &str, labels: &[&str], guard: &str) -> Result<Self> {
        Self::by_url(cluster, cluster.namespace(stem, labels)?, guard)
    }

    /// The same for the namespace that the shipped files name, for what is told about that one. Only one test can.
    pub(crate) fn as_shipped(cluster: &'a ControlPlane) -> Result<Self> {
        cluster.kubectl().succeed(&["create", "namespace", SHIPPED_NAMESPACE], "")?;
        Self::by_url(cluster, SHIPPED_NAMESPACE.to_owned(), "")
    }

    fn by_url(cluster: &'a ControlPlane, namespace: String, guard: &str) -> Result<Self> {
        let files = prepare(cluster, &namespace, guard)?;
        let authority = Authority::new("scrapeguard-test-webhook")?;
        authority.server(&files, "tls", &["127.0.0.1"])?;
        let (installation, address) = Self::start(cluster, namespace, &files, "127.0.0.1")?;
        let client = |path: &str| json!({"url": format!("https://{address}{path}")});
        installation.register(client, authority.certificate())?;
        Ok(installation)
    }

    /// The same behind our Service, with the certificate that `scrapeguard certs` makes for it. ClusterIPs are loopback
    /// addresses here, so the server can listen on that of its Service.
    pub(crate) fn behind_a_service(cluster: &'a ControlPlane, stem: &str) -> Result<Self> {
        let namespace = cluster.namespace(stem, &[])?;
        let files = prepare(cluster, &namespace, "")?;
        let authority = make_certificate(&files, &format!("scrapeguard.{namespace}.svc"))?;
        let kubectl = |arguments: &[&str], input: &str| {
            cluster.kubectl().succeed(&[arguments, &["--namespace", &namespace]].concat(), input)
        };
        kubectl(&["create", "--filename", "-"], &shipped("base/service.yaml")?)?;
        let service = cluster.kubectl().get(&namespace, "service", "scrapeguard")?;
        let address = service["spec"]["clusterIP"].as_str().context("the Service has no address")?;
        let (installation, address) = Self::start(cluster, namespace.clone(), &files, address)?;
        let port = address.port();
        // The port of a manifest, 443, is not for everybody to listen on.
        let patch = json!([{"op": "replace", "path": "/spec/ports/0/port", "value": port}]).to_string();
        kubectl(&["patch", "service", "scrapeguard", "--type=json", "--patch", &patch], "")?;
        let service = json!({"name": "scrapeguard", "namespace": namespace, "port": port});
        let client = |path: &str| {
            let mut service = service.clone();
            service["path"] = json!(path);
            json!({"service": service})
        };
        installation.register(client, &authority)?;
        Ok(installation)
    }

    fn start(cluster: &'a ControlPlane, namespace: String, files: &Path, host: &str) -> Result<(Self, SocketAddr)> {
        let mut server = Process::start(&namespace, program(), arguments(files, host)?, &cluster.logs())?;
        let admission = server.wait_for_line("the admission address", |line| address(line, "admission"))?;
        let health = server.wait_for_line("the health address", |line| address(line, "health"))?;
        Ok((Self { cluster, namespace, server, health }, admission))
    }

    /// The guarded namespace.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The guard that the server has.
    pub(crate) fn guard(&self) -> Result<Guard> {
        let text = fs::read_to_string(self.cluster.directory().join(&self.namespace).join("guard.yaml"))?;
        Guards::parse(&text)?.of_namespace(&self.namespace).cloned().context("the guard is for another namespace")
    }

    /// Another namespace that the webhooks are called for.
    pub(crate) fn other_namespace(&self, stem: &str, labels: &[&str]) -> Result<String> {
        let namespace = self.cluster.namespace(stem, labels)?;
        self.include(&namespace)?;
        Ok(namespace)
    }

    /// Has the webhooks be called for this namespace too.
    pub(crate) fn include(&self, namespace: &str) -> Result<()> {
        self.adopt(namespace)?;
        self.wait_until_called(namespace)
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

    /// All objects of these kinds in the guarded namespace, as kubectl prints them in JSON.
    pub(crate) fn print(&self, kinds: &[&str]) -> Result<String> {
        let arguments = ["get", "--namespace", &self.namespace, &kinds.join(","), "--output", "json"];
        Ok(self.cluster.kubectl().succeed(&arguments, "")?.stdout)
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

    fn adopt(&self, namespace: &str) -> Result<()> {
        let label = format!("{TEST}={}", self.namespace);
        self.cluster.kubectl().succeed(&["label", "namespace", namespace, &label], "").map(drop)
    }

    /// Has the API server call this server, and waits until it does. `client` makes the `clientConfig` for a path.
    fn register(&self, client: impl Fn(&str) -> Value, authority: &str) -> Result<()> {
        let mut configurations: Vec<Value> = serde_saphyr::from_multiple(&shipped("static/webhook.yaml")?)?;
        for configuration in &mut configurations {
            configuration["metadata"] = json!({"name": self.namespace});
            let webhooks = configuration["webhooks"].as_array_mut().context("a configuration has no webhooks")?;
            for webhook in webhooks {
                let path = webhook.pointer("/clientConfig/service/path").and_then(Value::as_str).context("no path")?;
                webhook["clientConfig"] = client(path);
                webhook["clientConfig"]["caBundle"] = json!(BASE64_STANDARD.encode(authority));
                self.keep_to_this_test(webhook)?;
            }
        }
        let list = json!({"apiVersion": "v1", "kind": "List", "items": configurations}).to_string();
        self.cluster.kubectl().succeed(&["create", "--filename", "-"], &list)?;
        self.adopt(&self.namespace)?;
        self.wait_until_called(&self.namespace)
    }

    /// Puts the guarded namespace for the shipped one into a webhook's selector, and keeps namespaces of others out.
    fn keep_to_this_test(&self, webhook: &mut Value) -> Result<()> {
        let expressions = webhook.pointer_mut("/namespaceSelector/matchExpressions").and_then(Value::as_array_mut);
        let expressions = expressions.context("a webhook selects no namespaces")?;
        for value in expressions.iter_mut().filter_map(|expression| expression["values"].as_array_mut()).flatten() {
            if value == SHIPPED_NAMESPACE {
                *value = json!(self.namespace);
            }
        }
        expressions.push(json!({"key": TEST, "operator": "In", "values": [self.namespace]}));
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

/// The real program.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_scrapeguard"))
}

/// Makes a directory of files with the guard for this namespace.
fn prepare(cluster: &ControlPlane, namespace: &str, guard: &str) -> Result<PathBuf> {
    let files = cluster.directory().join(namespace);
    fs::create_dir(&files)?;
    fs::write(files.join("guard.yaml"), (shipped("static/guard.yaml")? + guard).replace(SHIPPED_NAMESPACE, namespace))?;
    Ok(files)
}

/// Makes a certificate for this name as `certs/README.md` says; returns the authority's.
fn make_certificate(files: &Path, name: &str) -> Result<String> {
    let status = Command::new(program())
        .args(["certs", "--dns", name, "--out"])
        .arg(files)
        .stdout(Stdio::null())
        .status()
        .context("run scrapeguard certs")?;
    ensure!(status.success(), "scrapeguard certs ended with {status}");
    fs::read_to_string(files.join("ca.crt")).context("read the authority's certificate")
}

/// The arguments of our Deployment, with the places of a test for those of a pod.
fn arguments(files: &Path, host: &str) -> Result<Vec<String>> {
    let deployment: Value = serde_saphyr::from_str(&shipped("static/deployment.yaml")?)?;
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args").and_then(Value::as_array);
    let files = format!("{}/", files.display());
    let adapted = arguments.context("the Deployment has no arguments")?.iter().filter_map(Value::as_str).map(|text| {
        let text = text.replace("0.0.0.0:8443", &format!("{host}:0")).replace("0.0.0.0:8080", "127.0.0.1:0");
        text.replace("/certs/", &files).replace("/etc/scrapeguard/", &files)
    });
    // No load balancer has to notice that this server stops.
    Ok(adapted.chain(["--drain-delay=0".to_owned()]).collect())
}

/// The address in a line such as `health     http://127.0.0.1:8080/livez, /readyz and /metrics`, with which the server
/// says where it listens.
pub(crate) fn address(line: &str, listener: &str) -> Option<SocketAddr> {
    let (_, rest) = line.strip_prefix(listener)?.split_once("://")?;
    rest.split_once('/')?.0.parse().ok()
}

/// How many reviews of this step the server has answered.
pub(crate) fn reviews(metrics: &str, step: &str) -> u64 {
    let counter = "scrapeguard_admission_requests_total{";
    let lines = metrics.lines().filter(|line| line.starts_with(counter) && line.contains(step));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}
