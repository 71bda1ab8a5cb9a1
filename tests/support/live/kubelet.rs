//! Has pods run, as far as the API shows it: nothing is started anywhere.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::control_plane::ControlPlane;

/// The node that everything runs on. EndpointSlices are only made of pods on a node.
const NODE: &str = "node-0";

/// Binds every pod to a node, gives it an address and says that it is ready, until it is dropped.
pub(crate) struct Kubelet(tokio::task::JoinHandle<()>);

impl Kubelet {
    /// Begins at once.
    pub(crate) fn start(cluster: &ControlPlane) -> Self {
        let client = cluster.client();
        Self(cluster.spawn(async move {
            let mut number = 0;
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}});
            if let Ok(node) = serde_json::from_value::<Node>(node) {
                let _is_there = Api::all(client.clone()).create(&PostParams::default(), &node).await;
            }
            loop {
                run_all(&client, &mut number).await;
                sleep(Duration::from_millis(100)).await;
            }
        }))
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A pod that went away meanwhile, or an API server that does not answer: there will be another time.
async fn run_all(client: &Client, number: &mut u32) {
    let pending = ListParams::default().fields("status.phase=Pending");
    let Ok(pods) = Api::<Pod>::all(client.clone()).list(&pending).await else { return };
    for pod in pods {
        *number += 1;
        let api = Api::<Pod>::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
        let target = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod.name_any()},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE}});
        let _is_bound: Result<Value, _> =
            api.create_subresource("binding", &pod.name_any(), &PostParams::default(), &target).await;
        let status = running(&pod, *number);
        let _another_time = api.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Merge(status)).await;
    }
}

fn running(pod: &Pod, number: u32) -> Value {
    let address = format!("10.{}.{}.{}", 64 + number / 62_500, number / 250 % 250, number % 250 + 1);
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers).map(|container| {
        json!({"name": container.name, "image": container.image, "imageID": "", "ready": true, "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}})
    });
    json!({"status": {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": containers.collect::<Vec<_>>(),
    }})
}
