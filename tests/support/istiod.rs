//! The real istiod with its injector: configured as its chart configures it, listening where its Service points.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::control_plane::ControlPlane;
use super::control_plane::process::Process;

/// Where istiod lives; the certificate that it makes for itself is valid for the Service `istiod` there.
const SYSTEM: &str = "istio-system";

/// Runs a program in a directory of its own, because it looks for its files below the working directory.
const IN_DIRECTORY: &str = r#"cd "$1" && shift && exec "$@""#;

/// A running istiod.
pub(crate) struct Istiod<'a> {
    cluster: &'a ControlPlane,
    process: Process,
    port: u16,
}

impl<'a> Istiod<'a> {
    /// Starts istiod. Nobody calls it yet.
    pub(crate) fn start(cluster: &'a ControlPlane) -> Result<Self> {
        let kubectl = |arguments: &[&str]| cluster.kubectl().succeed(arguments, "");
        kubectl(&["create", "namespace", SYSTEM])?;
        kubectl(&["create", "service", "clusterip", "istiod", "--tcp=443", "--namespace", SYSTEM])?;
        let service = cluster.kubectl().get(SYSTEM, "service", "istiod")?;
        let address = service["spec"]["clusterIP"].as_str().context("the Service has no address")?;
        // Port 443 is not for everybody to listen on.
        let port = TcpListener::bind((address, 0)).context("find a free port")?.local_addr()?.port();
        let patch = json!([{"op": "replace", "path": "/spec/ports/0/port", "value": port}]).to_string();
        kubectl(&["patch", "service", "istiod", "--namespace", SYSTEM, "--type=json", "--patch", &patch])?;
        let directory = cluster.directory().join("istiod");
        configure(&cluster.peers().istio_chart, &directory)?;
        let arguments = arguments(cluster, &directory, &format!("{address}:{port}"));
        let process = Process::start("istiod", Path::new("/bin/sh"), arguments, &cluster.logs())?;
        Ok(Self { cluster, process, port })
    }

    /// Has the API server call istiod for the pods of a namespace that ask for a sidecar, as the chart's webhook of the
    /// default revision does. Webhooks are called in the order of their configurations' names.
    pub(crate) fn inject(&self, configuration: &str, namespace: &str) -> Result<()> {
        let webhook = json!({
            "name": "object.sidecar-injector.istio.io",
            "clientConfig": {"service":
                {"name": "istiod", "namespace": SYSTEM, "path": "/inject", "port": self.port}},
            "sideEffects": "None",
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "objectSelector": {"matchLabels": {"sidecar.istio.io/inject": "true"}},
        });
        let configuration = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": configuration, "labels": {"istio.io/rev": "default"}}, "webhooks": [webhook],
        });
        self.cluster.kubectl().succeed(&["create", "--filename", "-"], &configuration.to_string()).map(drop)
    }

    /// Undoes [`Self::inject`].
    pub(crate) fn forget(&self, configuration: &str) -> Result<()> {
        let delete = ["delete", "mutatingwebhookconfiguration", configuration];
        self.cluster.kubectl().succeed(&delete, "").map(drop)
    }

    /// Fails with the end of the log when istiod has ended by itself.
    pub(crate) fn ensure_running(&mut self) -> Result<()> {
        self.process.ensure_running()
    }
}

/// Writes the files that the chart's ConfigMaps hold: template and values of the injector.
fn configure(chart: &Path, directory: &Path) -> Result<()> {
    let inject = directory.join("var/lib/istio/inject");
    fs::create_dir_all(&inject)?;
    let template = fs::read_to_string(chart.join("injection-template.yaml"))?;
    let config = json!({"policy": "enabled", "defaultTemplates": ["sidecar"], "templates": {"sidecar": template}});
    fs::write(inject.join("config"), config.to_string())?;
    let values: Value = serde_saphyr::from_str(&fs::read_to_string(chart.join("values.yaml"))?)?;
    let values = &values["_internal_defaults_do_not_set"];
    ensure!(values["global"].is_object(), "the chart has no global values");
    let picked = json!({
        "global": values["global"], "sidecarInjectorWebhook": values["sidecarInjectorWebhook"], "revision": "",
        "pilot": {"cni": values["cni"], "env": values["env"]},
        "gateways": {"securityContext": Value::Null, "seccompProfile": {}},
    });
    fs::write(inject.join("values"), picked.to_string()).context("write the injector's values")
}

fn arguments(cluster: &ControlPlane, directory: &Path, address: &str) -> Vec<String> {
    let text = |path: &Path| path.display().to_string();
    let environment = ["POD_NAMESPACE=istio-system", "REVISION=default", "INJECTION_WEBHOOK_CONFIG_NAME=istio"];
    let flags = [
        format!("--httpsAddr={address}"),
        format!("--kubeconfig={}", text(&cluster.kubectl().kubeconfig)),
        "--httpAddr=127.0.0.1:0".to_owned(),
        "--grpcAddr=".to_owned(),
        "--secureGRPCAddr=127.0.0.1:0".to_owned(),
        "--monitoringAddr=127.0.0.1:0".to_owned(),
        "--ctrlz_port=0".to_owned(),
    ];
    let shell = ["-c", IN_DIRECTORY, "sh"].map(str::to_owned).into_iter().chain([text(directory), "env".to_owned()]);
    let program = [text(&cluster.peers().pilot_discovery), "discovery".to_owned()];
    shell.chain(environment.map(str::to_owned)).chain(program).chain(flags).collect()
}
