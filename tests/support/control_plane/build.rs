//! Builds the control plane from pinned Go modules, once, into a cache outside the checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::support::go;

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/control-plane");

/// Programs that are built together from one Go module under `tests/control-plane`.
pub(crate) struct Module {
    name: &'static str,
    packages: &'static [&'static str],
    ldflags: &'static str,
    /// What else `go build` is told.
    flags: &'static [&'static str],
    /// What the build of a package is called when it is not the last part of its path.
    rename: Option<(&'static str, &'static str)>,
    duration: &'static str,
}

/// The store. A module of its own, because etcd and Kubernetes disagree on shared dependencies.
pub(crate) const ETCD: Module = Module {
    name: "etcd",
    packages: &["go.etcd.io/etcd/server/v3"],
    ldflags: "-s -w",
    flags: &[],
    rename: Some(("server", "etcd")),
    duration: "about half a minute",
};

/// The API server, the controllers and the client. Without the version flags the server would call itself v0.0.0.
pub(crate) const KUBERNETES: Module = Module {
    name: "kubernetes",
    packages: &[
        "k8s.io/kubernetes/cmd/kube-apiserver",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        "k8s.io/kubernetes/cmd/kubectl",
    ],
    ldflags: "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.0 \
              -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37",
    flags: &[],
    rename: None,
    duration: "about seven minutes on two cores",
};

/// The Prometheus operator, which makes StatefulSets from Prometheus resources.
pub(crate) const OPERATOR: Module = Module {
    name: "operator",
    packages: &["github.com/prometheus-operator/prometheus-operator/cmd/operator"],
    ldflags: "-s -w",
    flags: &[],
    rename: Some(("operator", "prometheus-operator")),
    duration: "about two minutes on two cores",
};

/// istiod, whose webhook injects sidecars.
pub(crate) const ISTIO: Module = Module {
    name: "istio",
    packages: &["istio.io/istio/pilot/cmd/pilot-discovery"],
    ldflags: "-s -w",
    flags: &[],
    rename: None,
    duration: "about six minutes on two cores",
};

/// Prometheus, of whose ways to discover targets only those are built in that need no other system than Kubernetes.
pub(crate) const PROMETHEUS: Module = Module {
    name: "prometheus",
    packages: &["github.com/prometheus/prometheus/cmd/prometheus"],
    ldflags: "-s -w",
    flags: &["-tags", "remove_all_sd,enable_kubernetes_sd"],
    rename: None,
    duration: "about four minutes on two cores",
};

/// The files of istiod's chart that its injector is configured with.
const CHART: (&str, [&str; 2]) = (
    "istio.io/istio",
    [
        "manifests/charts/istio-control/istio-discovery/files/injection-template.yaml",
        "manifests/charts/istio-control/istio-discovery/values.yaml",
    ],
);

/// Go modules that are only read: their custom resource definitions.
const DEFINITIONS: [(&str, &str); 2] = [
    ("istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"),
    ("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd"),
];

/// The directory with the programs of `module`, which are built first if they have not been yet.
pub(crate) fn installed(module: &Module) -> Result<PathBuf> {
    let packages = module.packages.join(" ");
    let inputs = [&[module.ldflags, &packages], module.flags].concat();
    go::once(&directory_of(module.name), &inputs, |target| compile(module, target))
}

/// The directory with the custom resource definitions, which are downloaded first if they have not been yet.
pub(crate) fn custom_resources() -> Result<PathBuf> {
    go::once(&directory_of("crds"), &[], copy_definitions)
}

/// The directory with the injection template and the values of istiod's chart, which is downloaded first if it has not
/// been yet.
pub(crate) fn istio_chart() -> Result<PathBuf> {
    let (module, files) = CHART;
    go::once(&directory_of("istio"), &files, |target| {
        let copy = |downloaded: &Path| files.iter().try_for_each(|file| copy_files(&downloaded.join(file), target));
        download("istio", &[module], |_, downloaded| copy(downloaded))
    })
}

fn directory_of(module: &str) -> PathBuf {
    Path::new(MODULES).join(module)
}

fn compile(module: &Module, target: &Path) -> Result<()> {
    eprintln!(
        "building {} from source into {}: once, {}",
        module.packages.join(", "),
        target.display(),
        module.duration
    );
    let mut output = target.as_os_str().to_owned();
    output.push("/");
    let status = go::command(&directory_of(module.name))
        .args(["build", "-trimpath", "-ldflags", module.ldflags])
        .args(module.flags)
        .arg("-o")
        .arg(output)
        .args(module.packages)
        .stdout(Stdio::null())
        .status()
        .context("run go, which is needed to build the control plane")?;
    if !status.success() {
        bail!("go build of {} failed with {status}", module.name);
    }
    if let Some((from, to)) = module.rename {
        fs::rename(target.join(from), target.join(to))?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    path: String,
    dir: Option<PathBuf>,
    error: Option<String>,
}

fn copy_definitions(target: &Path) -> Result<()> {
    download("crds", &DEFINITIONS.map(|(module, _)| module), |module, downloaded| {
        let wanted = DEFINITIONS.iter().find(|(path, _)| *path == module).context("go downloaded something else")?;
        copy_files(&downloaded.join(wanted.1), target)
    })
}

/// Downloads modules that one of ours pins, and has `each` look at the directory of every one.
fn download(pinned_by: &str, modules: &[&str], each: impl Fn(&str, &Path) -> Result<()>) -> Result<()> {
    let output = go::command(&directory_of(pinned_by))
        .args(["mod", "download", "-json"])
        .args(modules)
        .stderr(Stdio::inherit())
        .output()
        .context("run go, which is needed to download modules")?;
    for module in serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Downloaded>() {
        let module = module.context("read what go downloaded")?;
        let Some(directory) = module.dir else {
            bail!("download {}: {}", module.path, module.error.unwrap_or_default());
        };
        each(&module.path, &directory)?;
    }
    if !output.status.success() {
        bail!("go mod download failed with {}", output.status);
    }
    Ok(())
}

/// Copies one file, or all files of one directory.
fn copy_files(from: &Path, target: &Path) -> Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            copy_files(&entry?.path(), target)?;
        }
        return Ok(());
    }
    let name = from.file_name().context("a definition has no file name")?;
    fs::copy(from, target.join(name)).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}
