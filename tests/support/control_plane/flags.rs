//! The files and the command lines of the three programs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::keys::{self, Authority, KeyFiles};

/// Where a program ends whose file or port another program needs.
pub(super) struct Places {
    pub(super) logs: PathBuf,
    pub(super) kubeconfig: PathBuf,
    directory: PathBuf,
    authority: PathBuf,
    serving: KeyFiles,
    service_accounts: KeyFiles,
    etcd_url: String,
    etcd_peer_url: String,
    port: u16,
}

/// Where the programs of a run in `directory` write their logs.
pub(super) fn logs(directory: &Path) -> PathBuf {
    directory.join("logs")
}

impl Places {
    /// Makes all certificates and the administrator's kubeconfig. The ports are those of etcd for clients, of etcd
    /// for its peers (it has none, but insists), and of the API server.
    pub(super) fn new(directory: &Path, [etcd, etcd_peer, port]: [u16; 3]) -> Result<Self> {
        let authority = Authority::new("scrapeguard-test-cluster")?;
        let authority_file = directory.join("ca.crt");
        fs::write(&authority_file, authority.certificate())?;
        let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"];
        let serving = authority.server(directory, "kube-apiserver", &names)?;
        let admin = authority.client(directory, "admin", "system:masters")?;
        let service_accounts = keys::signing_key(directory, "service-accounts")?;
        fs::create_dir(logs(directory))?;
        let kubeconfig = directory.join("kubeconfig");
        fs::write(&kubeconfig, administrator(port, &authority_file, &admin))?;
        Ok(Self {
            logs: logs(directory),
            kubeconfig,
            directory: directory.to_owned(),
            authority: authority_file,
            serving,
            service_accounts,
            etcd_url: format!("http://127.0.0.1:{etcd}"),
            etcd_peer_url: format!("http://127.0.0.1:{etcd_peer}"),
            port,
        })
    }

    /// Nothing of the store has to survive, so it need not wait for the disk.
    pub(super) fn etcd(&self) -> Vec<String> {
        let data = self.directory.join("etcd");
        vec![
            format!("--data-dir={}", data.display()),
            format!("--listen-client-urls={}", self.etcd_url),
            format!("--advertise-client-urls={}", self.etcd_url),
            format!("--listen-peer-urls={}", self.etcd_peer_url),
            format!("--initial-advertise-peer-urls={}", self.etcd_peer_url),
            format!("--initial-cluster=default={}", self.etcd_peer_url),
            "--unsafe-no-fsync".to_owned(),
        ]
    }

    /// Where the API server listens.
    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Pods need no service account token here, as nothing runs in them, and so nobody looks for the address that the
    /// API server advertises: it is one for documentation, for the machine may have none but loopback. ClusterIPs are loopback addresses: nothing
    /// routes others, but a test's server can listen on such a one.
    pub(super) fn kube_apiserver(&self) -> Vec<String> {
        let service_accounts = &self.service_accounts;
        vec![
            format!("--etcd-servers={}", self.etcd_url),
            format!("--cert-dir={}", self.directory.join("kube-apiserver").display()),
            format!("--tls-cert-file={}", self.serving.certificate.display()),
            format!("--tls-private-key-file={}", self.serving.key.display()),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=192.0.2.1".to_owned(),
            format!("--secure-port={}", self.port),
            "--service-cluster-ip-range=127.10.0.0/16".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", service_accounts.certificate.display()),
            format!("--service-account-signing-key-file={}", service_accounts.key.display()),
            format!("--client-ca-file={}", self.authority.display()),
        ]
    }

    /// Only the controllers that tests look at.
    pub(super) fn kube_controller_manager(&self) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", self.kubeconfig.display()),
            format!("--service-account-private-key-file={}", self.service_accounts.key.display()),
            format!("--root-ca-file={}", self.authority.display()),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--controllers=deployment,replicaset,statefulset,daemonset,job,cronjob,garbagecollector,namespace,\
             endpoint,endpointslice,endpointslicemirroring,serviceaccount"
                .to_owned(),
        ]
    }
}

/// A kubeconfig is YAML, of which JSON is a part.
fn administrator(port: u16, authority: &Path, admin: &KeyFiles) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority": authority,
        }}],
        "users": [{"name": "admin", "user": {"client-certificate": admin.certificate, "client-key": admin.key}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    })
    .to_string()
}
