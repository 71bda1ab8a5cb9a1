//! Clusters of any size, as a dump of `kubectl get -o json` has them. The same size and seed give the same text.
//!
//! Every namespace has twenty workloads of up to ten pods, a Service and its EndpointSlice for each, and some policies. A
//! Prometheus picks up the monitors of all of them.

use std::fmt::Write;
use std::ops::Range;

use serde_json::{Value, json};

const WORKLOADS: usize = 20;
const PODS_OF_A_WORKLOAD: usize = 10;

/// How large a cluster is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Pods in all namespaces together.
    pub(crate) pods: usize,
    /// NetworkPolicies.
    pub(crate) network_policies: usize,
    /// AuthorizationPolicies, in namespaces that are in the mesh.
    pub(crate) authorization_policies: usize,
    /// PodMonitors and ServiceMonitors, half of each.
    pub(crate) monitors: usize,
    /// How many of a hundred namespaces are in the mesh.
    pub(crate) meshed: usize,
    /// Where chance begins.
    pub(crate) seed: u64,
}

impl Size {
    /// A cluster of so many pods, and of all else as many as usually go with them: for 100 000 pods there are 2 000
    /// NetworkPolicies in 500 namespaces.
    pub(crate) const fn of(pods: usize) -> Self {
        Self {
            pods,
            network_policies: pods / 50,
            authorization_policies: pods / 200,
            monitors: pods / 200,
            meshed: 30,
            seed: 1,
        }
    }

    /// Namespaces of applications.
    pub(crate) const fn namespaces(self) -> usize {
        self.pods.div_ceil(WORKLOADS * PODS_OF_A_WORKLOAD)
    }

    /// The dump.
    pub(crate) fn dump(self) -> String {
        let mut dump = Dump { size: self, chance: Chance(self.seed), text: String::new() };
        dump.objects();
        format!("{{\"apiVersion\":\"v1\",\"items\":[\n{}],\"kind\":\"List\"}}\n", dump.text.trim_end_matches(",\n"))
    }
}

/// Numbers that only look like chance (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap_or_default() % limit.max(1)
    }
}

struct Dump {
    size: Size,
    chance: Chance,
    text: String,
}

/// A workload of an application, by its number among all.
#[derive(Clone, Copy)]
struct Workload(usize);

impl Workload {
    fn namespace(self) -> String {
        namespace(self.0 / WORKLOADS)
    }

    fn name(self) -> String {
        format!("app-{}", self.0 % WORKLOADS)
    }

    fn labels(self) -> Value {
        json!({"app.kubernetes.io/name": self.name(), "app.kubernetes.io/part-of": self.namespace()})
    }
}

fn namespace(number: usize) -> String {
    format!("team-{number}")
}

impl Dump {
    fn objects(&mut self) {
        self.namespaces();
        let workloads = self.size.pods.div_ceil(PODS_OF_A_WORKLOAD);
        for number in 0..workloads {
            let first = number * PODS_OF_A_WORKLOAD;
            self.workload(Workload(number), first..self.size.pods.min(first + PODS_OF_A_WORKLOAD));
        }
        for number in 0..self.size.network_policies {
            self.network_policy(number);
        }
        for number in 0..self.size.authorization_policies {
            self.authorization_policy(number);
        }
        for number in 0..self.size.monitors {
            self.monitor(number);
        }
        self.prometheus();
    }

    fn add(&mut self, api_version: &str, kind: &str, metadata: &Value, rest: &Value) {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        if let (Some(object), Some(rest)) = (object.as_object_mut(), rest.as_object()) {
            object.extend(rest.clone());
        }
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{object},");
    }

    const fn is_meshed(&self, namespace: usize) -> bool {
        namespace * 37 % 100 < self.size.meshed
    }

    fn namespaces(&mut self) {
        for number in 0..self.size.namespaces() {
            let injection = if self.is_meshed(number) { "enabled" } else { "disabled" };
            let labels = json!({"istio-injection": injection, "tier": format!("t{}", number % 7)});
            self.add("v1", "Namespace", &json!({"name": namespace(number), "labels": labels}), &json!({}));
            let mode = if number.is_multiple_of(5) { "PERMISSIVE" } else { "STRICT" };
            let metadata = json!({"name": "default", "namespace": namespace(number)});
            if self.is_meshed(number) {
                let spec = json!({"spec": {"mtls": {"mode": mode}}});
                self.add("security.istio.io/v1", "PeerAuthentication", &metadata, &spec);
            }
        }
    }

    fn workload(&mut self, workload: Workload, pods: Range<usize>) {
        let metadata = json!({"name": workload.name(), "namespace": workload.namespace(), "labels": workload.labels()});
        let port = json!({"name": "metrics", "port": 8080, "targetPort": "metrics", "protocol": "TCP"});
        let ip = address(172, workload.0);
        let spec =
            json!({"spec": {"clusterIP": ip, "selector": workload.labels(), "ports": [port], "type": "ClusterIP"}});
        self.add("v1", "Service", &metadata, &spec);
        let endpoints: Vec<Value> = pods.clone().map(|number| endpoint(workload, number)).collect();
        let mut labels = workload.labels();
        insert(&mut labels, "kubernetes.io/service-name", workload.name());
        let metadata =
            json!({"name": format!("{}-x", workload.name()), "namespace": workload.namespace(), "labels": labels});
        let ports = json!([{"name": "metrics", "port": 8080, "protocol": "TCP"}]);
        let slice = json!({"addressType": "IPv4", "endpoints": endpoints, "ports": ports});
        self.add("discovery.k8s.io/v1", "EndpointSlice", &metadata, &slice);
        for number in pods {
            self.pod(workload, number);
        }
    }

    fn pod(&mut self, workload: Workload, number: usize) {
        let hash = format!("{:08x}", workload.0 * 7919);
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{}-{hash}", workload.name()),
            "uid": uid(workload.0), "controller": true, "blockOwnerDeletion": true});
        let mut labels = workload.labels();
        let mut annotations =
            json!({"checksum/config": format!("{:064x}", workload.0), "team.example.com/contact": "a@b.example"});
        let mut containers = vec![
            json!({"name": "app", "image": format!("registry.example.com/{}:1.2.3", workload.name()),
            "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}, {"name": "metrics", "containerPort": 8080, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}),
        ];
        insert(&mut labels, "pod-template-hash", hash);
        if self.is_meshed(workload.0 / WORKLOADS) {
            insert(&mut labels, "security.istio.io/tlsMode", "istio");
            insert(
                &mut annotations,
                "sidecar.istio.io/status",
                r#"{"containers":["istio-proxy"],"revision":"default"}"#,
            );
            containers.push(json!({"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.27.0",
                "ports": [{"name": "http-envoy-prom", "containerPort": 15090, "protocol": "TCP"}]}));
        }
        let statuses: Vec<Value> = containers.iter().map(|container| {
            json!({"name": container.get("name"), "ready": true, "containerID": format!("containerd://{:064x}", self.chance.next())})
        }).collect();
        let node = self.chance.below(self.size.pods / 50);
        let ready = self.chance.below(50) != 0;
        let metadata = json!({"name": pod_name(workload, number), "namespace": workload.namespace(), "uid": uid(number),
            "labels": labels, "annotations": annotations, "ownerReferences": [owner]});
        let spec = json!({"serviceAccountName": workload.name(), "nodeName": format!("node-{node}"), "containers": containers});
        let status = json!({"phase": "Running", "podIP": address(10, number), "podIPs": [{"ip": address(10, number)}],
            "hostIP": address(192, node), "containerStatuses": statuses,
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]});
        self.add("v1", "Pod", &metadata, &json!({"spec": spec, "status": status}));
    }

    fn network_policy(&mut self, number: usize) {
        let workload = self.some_workload(number);
        let metadata = json!({"name": format!("policy-{number}"), "namespace": workload.namespace()});
        let from = match number % 3 {
            0 => json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]),
            1 => {
                json!([{"namespaceSelector": {"matchLabels": {"tier": "t1"}}, "podSelector": workload_selector(workload)}])
            }
            _ => json!([{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]),
        };
        let ports = json!([{"port": "metrics"}, {"port": 80, "endPort": 90}]);
        let selector = if number.is_multiple_of(4) { json!({}) } else { workload_selector(workload) };
        let spec =
            json!({"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{"from": from, "ports": ports}]});
        self.add("networking.k8s.io/v1", "NetworkPolicy", &metadata, &json!({"spec": spec}));
    }

    fn authorization_policy(&mut self, number: usize) {
        let meshed: Vec<usize> = (0..self.size.namespaces()).filter(|number| self.is_meshed(*number)).collect();
        let Some(home) = meshed.get(number % meshed.len().max(1)) else { return };
        let workload = Workload(home * WORKLOADS + self.chance.below(WORKLOADS));
        let metadata = json!({"name": format!("policy-{number}"), "namespace": workload.namespace()});
        let source = json!({"principals": ["cluster.local/ns/monitoring/sa/prometheus"]});
        let rule = json!({"from": [{"source": source}], "to": [{"operation": {"ports": ["8080"]}}]});
        let spec = json!({"selector": workload_selector(workload), "action": "ALLOW", "rules": [rule]});
        self.add("security.istio.io/v1", "AuthorizationPolicy", &metadata, &json!({"spec": spec}));
    }

    fn monitor(&mut self, number: usize) {
        let workload = self.some_workload(number / 2);
        let metadata = json!({"name": format!("monitor-{number}"), "namespace": workload.namespace(), "labels": {"release": "prometheus"}});
        let endpoints =
            json!([{"port": "metrics", "relabelings": [{"action": "labeldrop", "regex": "pod_template_hash"}]}]);
        let (kind, field) = if number.is_multiple_of(2) {
            ("PodMonitor", "podMetricsEndpoints")
        } else {
            ("ServiceMonitor", "endpoints")
        };
        let spec = json!({"selector": workload_selector(workload), field: endpoints});
        self.add("monitoring.coreos.com/v1", kind, &metadata, &json!({"spec": spec}));
    }

    /// The resource alone: a snapshot knows what the operator makes of it.
    fn prometheus(&mut self) {
        let labels = json!({"istio-injection": "disabled"});
        self.add("v1", "Namespace", &json!({"name": "monitoring", "labels": labels}), &json!({}));
        let all = json!({"matchLabels": {"release": "prometheus"}});
        let spec = json!({"replicas": 2, "serviceAccountName": "prometheus", "podMonitorSelector": all, "serviceMonitorSelector": all,
            "podMonitorNamespaceSelector": {}, "serviceMonitorNamespaceSelector": {}});
        let metadata = json!({"name": "k8s", "namespace": "monitoring"});
        self.add("monitoring.coreos.com/v1", "Prometheus", &metadata, &json!({"spec": spec}));
    }

    /// In another namespace each time, until all have their turn.
    fn some_workload(&mut self, number: usize) -> Workload {
        Workload(number % self.size.namespaces() * WORKLOADS + self.chance.below(WORKLOADS))
    }
}

fn insert(object: &mut Value, key: &str, value: impl Into<Value>) {
    object.as_object_mut().and_then(|object| object.insert(key.to_owned(), value.into()));
}

fn workload_selector(workload: Workload) -> Value {
    json!({"matchLabels": {"app.kubernetes.io/name": workload.name()}})
}

fn pod_name(workload: Workload, number: usize) -> String {
    format!("{}-{:08x}-{number:05x}", workload.name(), workload.0 * 7919)
}

fn endpoint(workload: Workload, number: usize) -> Value {
    let target = json!({"kind": "Pod", "namespace": workload.namespace(), "name": pod_name(workload, number)});
    json!({"addresses": [address(10, number)], "conditions": {"ready": true}, "targetRef": target})
}

fn address(first: usize, number: usize) -> String {
    format!("{first}.{}.{}.{}", (number >> 16) & 255, (number >> 8) & 255, number & 255)
}

fn uid(number: usize) -> String {
    format!("{number:08x}-1111-4222-8333-{:012x}", number * 31)
}
