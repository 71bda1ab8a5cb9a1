//! `scrapeguard certs`: certificates for trying things out and for clusters without cert-manager.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::Ending;
use crate::webhook::certificate::self_made::SelfMade;

const CA: &str = "ca.crt";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";

/// Make or inspect certificates.
///
/// Makes a CA and a serving certificate signed by it, and prints the caBundle line for the webhook configuration. The
/// files are named as in a Secret of type kubernetes.io/tls.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    make: MakeArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show subject, names and expiry of the certificates in a PEM file.
    Inspect {
        /// The PEM file.
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct MakeArguments {
    /// DNS name or IP address that the API server calls, such as scrapeguard.monitoring.svc; may be repeated.
    #[arg(long = "dns", value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Directory for ca.crt, tls.crt and tls.key; it is made if need be.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Days until the certificates expire.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
    /// Overwrite files that are there.
    #[arg(long)]
    force: bool,
}

/// Makes or inspects certificates.
///
/// # Errors
/// What could not be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let text = match &arguments.command {
        None => make(&arguments.make)?,
        Some(Command::Inspect { file }) => inspect(file, Timestamp::now())?,
    };
    anstream::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    Ok(Ending::Clean)
}

fn make(arguments: &MakeArguments) -> anyhow::Result<String> {
    let made = SelfMade::make(&arguments.names, arguments.days, Timestamp::now())?;
    let directory = &arguments.out;
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    for name in [CA, CERTIFICATE, KEY] {
        let path = directory.join(name);
        ensure!(arguments.force || !path.exists(), "{} is there already; --force overwrites it", path.display());
    }
    write(&directory.join(CA), &made.ca, 0o644)?;
    write(&directory.join(CERTIFICATE), &made.certificate, 0o644)?;
    write(&directory.join(KEY), &made.key, 0o600)?;
    let written = [CA, CERTIFICATE, KEY].map(|name| directory.join(name).display().to_string()).join(", ");
    Ok(format!("# wrote {written}\ncaBundle: {}\n", STANDARD.encode(&made.ca)))
}

/// Writes beside the file and renames, so that nobody sees half of it, and an old file's permissions do not stay.
fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let unwritable = || format!("cannot write {}", path.display());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    // What is left of a run that was cut off.
    let _removed = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside).with_context(unwritable)?;
    file.write_all(text.as_bytes()).with_context(unwritable)?;
    fs::rename(&beside, path).with_context(unwritable)
}

fn inspect(file: &Path, now: Timestamp) -> anyhow::Result<String> {
    let pem = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} is not PEM", file.display()))?;
    ensure!(!certificates.is_empty(), "there is no certificate in {}", file.display());
    let descriptions: Result<Vec<_>, _> = certificates.iter().map(|certificate| describe(certificate, now)).collect();
    Ok(descriptions.with_context(|| file.display().to_string())?.join("\n"))
}

fn describe(certificate: &CertificateDer<'_>, now: Timestamp) -> anyhow::Result<String> {
    let (_rest, certificate) =
        X509Certificate::from_der(certificate).map_err(|_| anyhow::anyhow!("not a valid X.509 certificate"))?;
    let extension = certificate.subject_alternative_name().context("malformed names")?;
    let names: Vec<_> = extension.iter().flat_map(|names| &names.value.general_names).map(name).collect();
    let expires = Timestamp::from_second(certificate.validity().not_after.timestamp())?;
    let days = (expires.as_second() - now.as_second()).div_euclid(24 * 60 * 60);
    let state = if days < 0 { "expired".to_owned() } else { format!("{days} days left") };
    Ok(format!(
        "subject  {}\nissuer   {}\nnames    {}\nexpires  {expires} ({state})\n",
        certificate.subject(),
        certificate.issuer(),
        if names.is_empty() { "none".to_owned() } else { names.join(", ") },
    ))
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => address(bytes),
        other => other.to_string(),
    }
}

fn address(bytes: &[u8]) -> String {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::Ipv4Addr::from(bytes).to_string());
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| std::net::Ipv6Addr::from(bytes).to_string());
    v4.or(v6).unwrap_or_else(|_| format!("{bytes:?}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::webhook::certificate::Certificate;

    fn arguments(out: &Path, force: bool) -> MakeArguments {
        let names = vec!["scrapeguard.monitoring.svc".to_owned(), "127.0.0.1".to_owned()];
        MakeArguments { names, out: out.to_owned(), days: 30, force }
    }

    #[test]
    fn makes_a_pair_that_works_and_a_bundle_that_can_be_pasted() {
        let directory = tempfile::tempdir().unwrap();
        let text = make(&arguments(directory.path(), false)).unwrap();
        let read = |name| fs::read(directory.path().join(name)).unwrap();
        Certificate::from_pem(&read(CERTIFICATE), &read(KEY)).unwrap();
        let (_, bundle) = text.trim_end().split_once("caBundle: ").unwrap();
        assert_eq!(STANDARD.decode(bundle).unwrap(), read(CA));
        let mode = fs::metadata(directory.path().join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn overwrites_only_when_forced() {
        let directory = tempfile::tempdir().unwrap();
        make(&arguments(directory.path(), false)).unwrap();
        let error = make(&arguments(directory.path(), false)).unwrap_err();
        assert!(error.to_string().ends_with("ca.crt is there already; --force overwrites it"), "{error}");
        make(&arguments(directory.path(), true)).unwrap();
    }

    #[test]
    fn inspects_what_it_made() {
        let directory = tempfile::tempdir().unwrap();
        make(&arguments(directory.path(), false)).unwrap();
        let text = inspect(&directory.path().join(CERTIFICATE), Timestamp::now()).unwrap();
        assert!(text.contains("subject  CN=scrapeguard\nissuer   CN=scrapeguard self-made CA\n"), "{text}");
        assert!(text.contains("names    scrapeguard.monitoring.svc, 127.0.0.1\n"), "{text}");
        assert!(text.contains("(29 days left)"), "{text}");
    }
}
