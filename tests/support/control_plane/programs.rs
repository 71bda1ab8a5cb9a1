//! Finds the programs of the control plane where controller-runtime would, and builds what is missing.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::build::{self, ETCD, ISTIO, KUBERNETES, Module, OPERATOR, PROMETHEUS};

/// The programs and files that a control plane and its peers are made of.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kube_controller_manager: PathBuf,
    pub(crate) kubectl: PathBuf,
    /// Directory with the custom resource definitions of Istio and of the Prometheus operator.
    pub(crate) custom_resources: PathBuf,
    /// What runs on it.
    pub(crate) peers: Peers,
}

/// Others that live in the same cluster as we do. Tests start those that they need.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    pub(crate) prometheus_operator: PathBuf,
    pub(crate) pilot_discovery: PathBuf,
    /// Directory with the files of istiod's chart that its injector is configured with.
    pub(crate) istio_chart: PathBuf,
}

impl Programs {
    /// Finds every program, or builds it. The first time that takes minutes and needs `go` and a module proxy.
    ///
    /// # Errors
    /// A program can neither be found nor built, and why.
    pub(crate) fn locate() -> Result<Self> {
        Ok(Self {
            etcd: find_or_build("etcd", &ETCD)?,
            kube_apiserver: find_or_build("kube-apiserver", &KUBERNETES)?,
            kube_controller_manager: find_or_build("kube-controller-manager", &KUBERNETES)?,
            kubectl: find_or_build("kubectl", &KUBERNETES)?,
            custom_resources: build::custom_resources()?,
            peers: Peers {
                prometheus_operator: find_or_build("prometheus-operator", &OPERATOR)?,
                pilot_discovery: find_or_build("pilot-discovery", &ISTIO)?,
                istio_chart: build::istio_chart()?,
            },
        })
    }
}

/// Finds Prometheus, or builds it, which takes minutes the first time.
///
/// # Errors
/// It can neither be found nor built, and why.
pub(crate) fn prometheus() -> Result<PathBuf> {
    find_or_build("prometheus", &PROMETHEUS)
}

fn find_or_build(program: &str, module: &Module) -> Result<PathBuf> {
    match named_by_environment(program)? {
        Some(path) => Ok(path),
        None => Ok(build::installed(module)?.join(program)),
    }
}

/// `TEST_ASSET_KUBE_APISERVER` names the program itself, `KUBEBUILDER_ASSETS` a directory that may hold it.
fn named_by_environment(program: &str) -> Result<Option<PathBuf>> {
    let variable = format!("TEST_ASSET_{}", program.to_uppercase().replace('-', "_"));
    if let Some(path) = env::var_os(&variable).map(PathBuf::from) {
        if !path.is_file() {
            bail!("{variable} names {}, which is not a file", path.display());
        }
        return Ok(Some(path));
    }
    let assets = env::var_os("KUBEBUILDER_ASSETS");
    Ok(assets.map(|directory| Path::new(&directory).join(program)).filter(|path| path.is_file()))
}
