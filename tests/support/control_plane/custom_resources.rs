//! Loads the custom resource definitions of Istio and of the Prometheus operator.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::http::Request;
use tokio::task::JoinSet;

use super::ControlPlane;
use crate::support::poll::{self, Look};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Creates all definitions in `directory` and waits until the API server serves them.
pub(super) fn load(control_plane: &ControlPlane, directory: &Path) -> Result<()> {
    let definitions = read(directory)?;
    let names: Vec<String> = definitions.iter().filter_map(|text| name(text)).collect();
    ensure!(names.len() == definitions.len() && !names.is_empty(), "a definition has no name");
    control_plane.block_on(create_all(&control_plane.client(), definitions))?;
    poll::until("custom resources to be served", Duration::from_mins(1), || {
        let served = control_plane.kubectl().succeed(&["api-resources", "--output", "name"], "")?.stdout;
        let missing = names.iter().find(|name| !served.lines().any(|line| line == name.as_str()));
        Ok(missing.map_or_else(|| Look::Ready(()), |name| Look::NotYet(format!("no {name}"))))
    })
}

/// The name of a definition, which is the first thing in it called so.
fn name(definition: &str) -> Option<String> {
    definition.lines().find_map(|line| line.strip_prefix("  name: ")).map(str::to_owned)
}

/// The YAML documents of all files in `directory`.
fn read(directory: &Path) -> Result<Vec<String>> {
    let mut documents = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("read {}", directory.display()))? {
        let text = fs::read_to_string(entry?.path())?;
        documents.extend(text.split("\n---\n").filter(|text| text.contains("kind:")).map(str::to_owned));
    }
    Ok(documents)
}

/// Sends the documents as they are: the API server reads YAML, and there are five megabytes of it.
async fn create_all(client: &kube::Client, documents: Vec<String>) -> Result<()> {
    let mut creations = JoinSet::new();
    for document in documents {
        let request =
            Request::post(DEFINITIONS).header("content-type", "application/yaml").body(document.into_bytes())?;
        let client = client.clone();
        creations.spawn(async move { client.request_text(request).await });
    }
    while let Some(created) = creations.join_next().await {
        created?.context("create a custom resource definition")?;
    }
    Ok(())
}
