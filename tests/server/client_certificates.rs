//! Who may ask, when client certificates are required.

use hyper::StatusCode;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use rstest::rstest;
use scrapeguard::webhook::settings::Clients;
use scrapeguard::webhook::{RunningServer, Settings};

use crate::client::Client;
use crate::reviews::pod;
use crate::running::{health, settings, start};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A client certificate and its key in PEM.
fn client(authority: &Authority, common_name: &str, alternative: Option<SanType>) -> (String, String) {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.subject_alt_names = alternative.into_iter().collect();
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    (parameters.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

async fn start_for(authority: &Authority, names: &[&str]) -> RunningServer {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let clients = Some(Clients { ca: authority.pem().into_bytes(), names });
    start(Settings { clients, ..settings() }).await.0
}

/// Whether a request with this certificate is answered. With TLS 1.3 a refusal shows only after the handshake.
async fn is_answered(server: &RunningServer, certificate: Option<(String, String)>) -> bool {
    let authorities = [server.ca_pem().unwrap()];
    let client = match certificate {
        None => Client::new(server.admission_address(), &authorities),
        Some((chain, key)) => Client::with_certificate(server.admission_address(), &authorities, &chain, &key),
    };
    match client.connect().await {
        Ok(mut connection) => connection.post("/mutate", pod()).await.is_ok_and(|reply| reply.status == StatusCode::OK),
        Err(_) => false,
    }
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

#[rstest]
#[case::common_name("kube-apiserver", None, true)]
#[case::dns_name("x", Some(SanType::DnsName("api.cluster.local".try_into().unwrap())), true)]
#[case::uri("x", Some(uri("spiffe://cluster.local/apiserver")), true)]
#[case::another_name("kubelet", Some(uri("spiffe://cluster.local/kubelet")), false)]
#[case::only_the_beginning_of_a_name("kube-api", None, false)]
#[tokio::test]
async fn the_name_decides(#[case] common_name: &str, #[case] alternative: Option<SanType>, #[case] answered: bool) {
    let authority = authority();
    let names = ["kube-apiserver", "api.cluster.local", "spiffe://cluster.local/apiserver"];
    let server = start_for(&authority, &names).await;
    assert_eq!(is_answered(&server, Some(client(&authority, common_name, alternative))).await, answered);
}

#[tokio::test]
async fn without_names_the_authority_decides() {
    let (authority, other) = (authority(), authority());
    let server = start_for(&authority, &[]).await;
    assert!(is_answered(&server, Some(client(&authority, "anybody", None))).await);
    assert!(!is_answered(&server, Some(client(&other, "anybody", None))).await);
}

#[tokio::test]
async fn no_certificate_is_refused_and_probes_need_none() {
    let server = start_for(&authority(), &["kube-apiserver"]).await;
    assert!(!is_answered(&server, None).await);
    assert!(health(server.health_address(), "/readyz").await.starts_with("HTTP/1.1 200 "));
    let metrics = server.metrics().render();
    let failure = r#"scrapeguard_tls_handshake_failures_total{reason="no_client_certificate"} 1"#;
    assert!(metrics.contains(failure), "{metrics}");
}
