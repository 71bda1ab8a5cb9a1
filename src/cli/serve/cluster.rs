//! The flags of `scrapeguard serve` that are about the cluster it runs in.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::seconds;
use crate::controller::client;
use crate::controller::settings::{Management, Settings};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArguments {
    /// Whether to watch a cluster and act in it. `auto`: in a pod with a service account, or with --kubeconfig.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    cluster: When,
    /// How to reach the API server from outside a pod.
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// The namespace of our Service, Secret and Leases.
    #[arg(long, value_name = "NAME", env = "POD_NAMESPACE", default_value = "scrapeguard-system")]
    namespace: String,
    /// The name of this replica, unlike that of any other.
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    identity: Option<String>,
    /// The name of our Service, and of the webhook configurations.
    #[arg(long, value_name = "NAME", default_value = "scrapeguard")]
    service: String,
    /// The port of our Service.
    #[arg(long, value_name = "PORT", default_value_t = 443)]
    service_port: u16,
    /// Who sees to the serving certificate. `own`: we make it, keep it in a Secret and renew it; `given`: it comes from
    /// --tls-cert and --tls-key, which decides so by itself.
    #[arg(long, value_enum, default_value = "own", value_name = "WHO")]
    certificates: Who,
    /// Who sees to the webhook configurations. `own`: we apply what the guards need; `given`: they come from manifests.
    #[arg(long, value_enum, default_value = "own", value_name = "WHO")]
    registration: Who,
    /// Seconds for which a certificate that we make is valid; it is renewed after two thirds of them.
    #[arg(long, value_name = "SECONDS", default_value = "7776000", value_parser = seconds)]
    certificate_lifetime: Duration,
    /// Seconds for which a watch may be broken before nothing is decided with what it told.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    staleness: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// Where there is one.
    Auto,
    /// Fail without one.
    Always,
    /// Even in one.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Who {
    /// We do.
    Own,
    /// Somebody else does.
    Given,
}

impl ClusterArguments {
    /// Whether there is a cluster to act in.
    pub(super) fn is_in_cluster(&self) -> bool {
        match self.cluster {
            When::Auto => self.kubeconfig.is_some() || client::is_in_cluster(),
            When::Always => true,
            When::Never => false,
        }
    }

    /// What the controller has to know. What is in files is given.
    pub(super) fn settings(&self, has_guard_file: bool, has_certificate_files: bool) -> Settings {
        let identity = self.identity.clone();
        Settings {
            namespace: self.namespace.clone(),
            service: self.service.clone(),
            service_port: self.service_port,
            guards: if has_guard_file { Management::Given } else { Management::Own },
            identity: identity.unwrap_or_else(|| format!("{}-{}", self.service, std::process::id())),
            certificates: if has_certificate_files { Management::Given } else { self.certificates.into() },
            registration: self.registration.into(),
            certificate_lifetime: self.certificate_lifetime,
            staleness: self.staleness,
        }
    }
}

impl From<Who> for Management {
    fn from(who: Who) -> Self {
        match who {
            Who::Own => Self::Own,
            Who::Given => Self::Given,
        }
    }
}
