//! Rotation of the serving certificate, the way the kubelet does it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use scrapeguard::model::guard::Guards;
use scrapeguard::state::State;
use scrapeguard::webhook::certificate::reload::CertificateFiles;
use scrapeguard::webhook::certificate::self_made::SelfMade;
use scrapeguard::webhook::settings::CertificateSource;
use scrapeguard::webhook::{self, RunningServer, Settings, Shared};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::reviews::pod;
use crate::running::{eventually, settings};

fn made() -> SelfMade {
    SelfMade::make(&["localhost".to_owned()], 30, Timestamp::now()).unwrap()
}

/// Mounts a Secret as the kubelet does: the files are links into `..data`, which is a link to a directory that is
/// written whole before the link is swapped and the old directory removed.
fn mount(volume: &Path, generation: usize, certificate: &str, key: &str) {
    let directory = format!("..2026_11_22_{generation}");
    fs::create_dir(volume.join(&directory)).unwrap();
    fs::write(volume.join(&directory).join("tls.crt"), certificate).unwrap();
    fs::write(volume.join(&directory).join("tls.key"), key).unwrap();
    let old = fs::read_link(volume.join("..data")).ok();
    symlink(&directory, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    if let Some(old) = old {
        return fs::remove_dir_all(volume.join(old)).unwrap();
    }
    for name in ["tls.crt", "tls.key"] {
        symlink(format!("..data/{name}"), volume.join(name)).unwrap();
    }
}

async fn start_with(volume: &Path) -> RunningServer {
    let files = CertificateFiles { certificate: volume.join("tls.crt"), key: volume.join("tls.key") };
    let certificate = CertificateSource::Files(files);
    let settings = Settings { certificate, certificate_poll: Duration::from_millis(20), ..settings() };
    webhook::start(settings, Shared::new(State::of(Guards::built_in()))).await.unwrap()
}

fn leaf(made: &SelfMade) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(made.certificate.as_bytes()).unwrap()
}

/// Asks without pause until told to stop, on new and on kept connections, and counts the answers.
async fn ask_until(client: Client, stop: Arc<AtomicBool>, answered: Arc<AtomicUsize>) {
    while !stop.load(Ordering::Relaxed) {
        let mut connection = client.connect().await.unwrap();
        for _ in 0..5 {
            assert_eq!(connection.post("/mutate", pod()).await.unwrap().status, 200);
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_rotations_under_load_lose_no_request_and_each_is_served() {
    let volume = tempfile::tempdir().unwrap();
    let generations: Vec<_> = (0..6).map(|_| made()).collect();
    mount(volume.path(), 0, &generations[0].certificate, &generations[0].key);
    let server = start_with(volume.path()).await;
    let authorities: Vec<_> = generations.iter().map(|made| made.ca.as_str()).collect();
    let client = Client::new(server.admission_address(), &authorities);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = JoinSet::new();
    for _ in 0..4 {
        load.spawn(ask_until(client.clone(), Arc::clone(&stop), Arc::clone(&answered)));
    }
    for (generation, made) in generations.iter().enumerate().skip(1) {
        let before = answered.load(Ordering::Relaxed);
        eventually("load before the swap", async || answered.load(Ordering::Relaxed) > before + 20).await;
        mount(volume.path(), generation, &made.certificate, &made.key);
        eventually("the new certificate is served", async || client.certificate().await == leaf(made)).await;
    }
    stop.store(true, Ordering::Relaxed);
    load.join_all().await;
    assert!(server.metrics().render().contains(r#"scrapeguard_certificate_reloads_total{result="success"} 5"#));
}

#[tokio::test]
async fn a_pair_that_does_not_go_together_never_replaces_a_good_one() {
    let volume = tempfile::tempdir().unwrap();
    let (good, other, next) = (made(), made(), made());
    mount(volume.path(), 0, &good.certificate, &good.key);
    let server = start_with(volume.path()).await;
    let client = Client::new(server.admission_address(), &[&good.ca, &other.ca, &next.ca]);
    let failures = |count| format!(r#"scrapeguard_certificate_reloads_total{{result="failure"}} {count}"#);
    let expiry = server.metrics().certificate_expiry.get();

    let bad = [(other.certificate.as_str(), good.key.as_str()), ("half", "written")];
    for (generation, (certificate, key)) in bad.into_iter().enumerate() {
        mount(volume.path(), generation + 1, certificate, key);
        eventually("it was seen", async || server.metrics().render().contains(&failures(generation + 1))).await;
        assert_eq!(client.certificate().await, leaf(&good));
    }
    assert_eq!(server.metrics().certificate_expiry.get(), expiry);

    mount(volume.path(), 3, &next.certificate, &next.key);
    eventually("a good pair is taken again", async || client.certificate().await == leaf(&next)).await;
}

#[tokio::test]
async fn a_server_without_a_usable_certificate_does_not_start() {
    let volume = tempfile::tempdir().unwrap();
    mount(volume.path(), 0, &made().certificate, &made().key);
    let files = CertificateFiles { certificate: volume.path().join("tls.crt"), key: volume.path().join("tls.key") };
    let settings = Settings { certificate: CertificateSource::Files(files), ..settings() };
    let error = webhook::start(settings, Shared::new(State::of(Guards::built_in()))).await.unwrap_err();
    assert_eq!(error.to_string(), "no serving certificate");
}
