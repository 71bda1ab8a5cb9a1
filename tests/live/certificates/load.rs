//! Users who make the API server call us all the time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;
use tokio::task::JoinHandle;

use super::NAMESPACE;
use crate::support::control_plane::ControlPlane;

/// How long a caller rests between its requests.
const REST: Duration = Duration::from_millis(200);

/// Requests of users that make the API server call us, and change nothing.
#[derive(Clone)]
pub(super) struct Callers {
    pods: Api<Pod>,
    policies: Api<NetworkPolicy>,
}

impl Callers {
    pub(super) fn of(cluster: &ControlPlane) -> Self {
        let api = cluster.client();
        Self { pods: Api::namespaced(api.clone(), NAMESPACE), policies: Api::namespaced(api, NAMESPACE) }
    }

    pub(super) async fn call_both(&self) -> Result<()> {
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        let metadata = json!({"generateName": "harmless-"});
        let pod = json!({"metadata": metadata, "spec": {"containers": [{"name": "harmless", "image": "harmless"}]}});
        let policy = json!({"metadata": metadata, "spec": {"podSelector": {"matchLabels": {"app": "harmless"}}}});
        self.pods.create(&dry_run, &serde_json::from_value(pod)?).await.context("create a pod")?;
        self.policies.create(&dry_run, &serde_json::from_value(policy)?).await.context("create a policy")?;
        Ok(())
    }
}

/// Many callers at once.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    errors: Arc<Mutex<Vec<String>>>,
    callers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins with so many callers.
    pub(super) fn start(cluster: &ControlPlane, number: usize) -> Self {
        let (stop, answers, errors) = (Arc::default(), Arc::default(), Arc::default());
        let mut load = Self { stop, answers, errors, callers: Vec::new() };
        let callers = Callers::of(cluster);
        for _ in 0..number {
            let callers = callers.clone();
            let (stop, answers, errors) = (load.stop.clone(), load.answers.clone(), load.errors.clone());
            load.callers.push(cluster.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    match callers.call_both().await {
                        Ok(()) => drop(answers.fetch_add(2, Ordering::Relaxed)),
                        Err(error) => errors.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{error:#}")),
                    }
                    tokio::time::sleep(REST).await;
                }
            }));
        }
        load
    }

    /// Ends it, and tells how many requests were answered.
    pub(super) fn end(self, cluster: &ControlPlane) -> Result<usize> {
        self.stop.store(true, Ordering::Relaxed);
        cluster.block_on(async {
            for caller in self.callers {
                caller.await?;
            }
            Ok::<_, tokio::task::JoinError>(())
        })?;
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(errors.is_empty(), "{} requests failed, the first so: {}", errors.len(), errors[0]);
        Ok(self.answers.load(Ordering::Relaxed))
    }
}
