//! Whom the client trusts.

use super::credentials::{key, source};
use crate::engine::rules::findings::Findings;
use crate::model::resource::http_client::TlsConfig;
use crate::model::{FieldPath, Text};

/// `files` tells whether there are files in these settings at all.
pub(super) fn check(settings: &TlsConfig<'_>, files: bool, path: &FieldPath, findings: &mut Findings<'_>) {
    source(&settings.ca, &path.key("ca"), findings);
    source(&settings.cert, &path.key("cert"), findings);
    if let Some(secret) = &settings.key_secret {
        key(secret, &path.key("keySecret"), findings);
    }
    versions(settings, path, findings);
    let file = |file: &Option<Text<'_>>| files && file.as_ref().is_some_and(|file| !file.is_empty());
    let (ca_file, cert_file, key_file) = (file(&settings.ca_file), file(&settings.cert_file), file(&settings.key_file));
    let (ca, cert, key) = (!settings.ca.is_empty(), !settings.cert.is_empty(), settings.key_secret.is_some());
    for (file, has_file, other, has_other) in
        [("caFile", ca_file, "ca", ca), ("certFile", cert_file, "cert", cert), ("keyFile", key_file, "keySecret", key)]
    {
        if has_file && has_other {
            let message = format!("{file} cannot stand beside {other}");
            findings.report(path.key(file), message, format!("keep {other} or {file}"));
        }
    }
    match (cert || cert_file, key || key_file) {
        (true, false) => {
            findings.report(path.clone(), "a certificate without its key", "add keySecret, or remove cert");
        }
        (false, true) => {
            findings.report(path.clone(), "a key without its certificate", "add cert, or remove keySecret");
        }
        _ => {}
    }
}

/// `TLS10` to `TLS13` are in the order of the alphabet.
fn versions(settings: &TlsConfig<'_>, path: &FieldPath, findings: &mut Findings<'_>) {
    let (Some(oldest), Some(newest)) = (&settings.min_version, &settings.max_version) else { return };
    if newest < oldest {
        findings.report(
            path.key("maxVersion"),
            "maxVersion is older than minVersion",
            format!("set maxVersion to {oldest} or newer, or remove it"),
        );
    }
}
