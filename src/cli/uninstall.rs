//! `scrapeguard uninstall`: nothing of ours is left that could hold a cluster up.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::{Ending, screen};
use crate::controller::client::of_user;
use crate::controller::uninstall::{Caller, Installation, callers, remove};

/// Remove what scrapeguard has made in a cluster
///
/// Webhook configurations go first, then companions, Leases and the Secret; before all that, the bindings of our service
/// account, so that nothing is put back. Works whether or not any replica is alive. What was applied from manifests is
/// removed by them: kubectl delete -k manifests.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only tell which webhook configurations call us. Exits with 1 if any of them could hold requests up.
    #[arg(long)]
    check: bool,
    /// How to reach the API server, as kubectl finds it if left out.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The namespace of our Service, Secret and Leases.
    #[arg(long, value_name = "NAME", default_value = "scrapeguard-system")]
    namespace: String,
    /// The name of our Service, and of the webhook configurations.
    #[arg(long, value_name = "NAME", default_value = "scrapeguard")]
    service: String,
    /// Leave the policies and monitors that guards asked for. They go with their guards all the same.
    #[arg(long, conflicts_with = "check")]
    keep_companions: bool,
}

/// Removes everything, or tells what there is.
///
/// # Errors
/// When the API server cannot be reached, or something could not be removed.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(uninstall(arguments))
}

async fn uninstall(arguments: &Arguments) -> anyhow::Result<Ending> {
    let client = of_user(arguments.kubeconfig.as_deref()).await?;
    let installation = Installation {
        namespace: arguments.namespace.clone(),
        service: arguments.service.clone(),
        keeps_companions: arguments.keep_companions,
    };
    if arguments.check {
        let callers = callers(&client, &installation).await?;
        screen::print(&listed(&callers))?;
        let could_block = callers.iter().any(|caller| !caller.failing.is_empty());
        return Ok(if could_block { Ending::Findings } else { Ending::Clean });
    }
    let mut removed = Vec::new();
    let result = remove(&client, &installation, |object| removed.push(format!("removed {object}\n"))).await;
    screen::print(&removed.concat())?;
    result?;
    let left = callers(&client, &installation).await?;
    if !left.is_empty() {
        bail!("there are other configurations that call us:\n{}", listed(&left).trim_end());
    }
    Ok(Ending::Clean)
}

fn listed(callers: &[Caller]) -> String {
    callers.iter().map(line).collect()
}

fn line(Caller { object, failing }: &Caller) -> String {
    if failing.is_empty() {
        format!("{object}: calls scrapeguard, and holds nothing up\n")
    } else {
        format!("{object}: requests fail without an answer to {}\n", failing.join(", "))
    }
}
