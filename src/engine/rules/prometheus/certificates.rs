//! Whether certificates of the mesh arrive where Prometheus reads them, and whether Istio understands the annotations.

use crate::engine::rules::findings::Findings;
use crate::engine::rules::prometheus::pods::{Pods, Run};
use crate::model::FieldPath;
use crate::model::guard::Guard;
use crate::model::sidecar::{
    self, PROXY_CONFIG, USER_VOLUME_MOUNT, UserVolumeMount, output_certificates, user_volume_mounts,
};

/// A sidecar that the user defines in the pod may mount the directory in ways of its own.
pub(super) fn do_not_arrive(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    let config = pods.annotations.get(PROXY_CONFIG).unwrap_or_default();
    let Ok(Some(directory)) = output_certificates(config) else { return };
    if pods.stay_out() || pods.annotations.get(sidecar::STATUS).is_none() && pods.has_sidecar {
        return;
    }
    let Some(text) = pods.annotations.get(USER_VOLUME_MOUNT) else {
        let fix = format!(r#"add {USER_VOLUME_MOUNT}: '[{{"name":"istio-certs","mountPath":"{directory}"}}]'"#);
        return findings.report(pods.annotation(PROXY_CONFIG), "no volume is mounted for the certificates", fix);
    };
    let Ok(mounts) = user_volume_mounts(text) else { return };
    match mounts.iter().find(|mount| is_same(&mount.mount_path, &directory)) {
        Some(mount) => volume_is_missing(pods, mount, findings),
        None => findings.report(
            pods.annotation(USER_VOLUME_MOUNT),
            "nothing is mounted where the certificates are written",
            format!("set mountPath to {directory}, as OUTPUT_CERTS says"),
        ),
    }
}

fn is_same(path: &str, other: &str) -> bool {
    path.trim_end_matches('/') == other.trim_end_matches('/')
}

fn volume_is_missing(pods: &Pods<'_, '_>, mount: &UserVolumeMount, findings: &mut Findings<'_>) {
    let name = mount.name.as_str();
    let mut report = |path: FieldPath, message: &str, fix: String| findings.report(path, message, fix);
    if !pods.volumes.contains(&name) {
        report(
            pods.spec_path.key("volumes"),
            "the volume of the certificates does not exist",
            format!("add {{name: {name}, emptyDir: {{medium: Memory}}}}"),
        );
    }
    if !pods.mounts.iter().any(|mount| mount.name == name) {
        let path = if pods.run == Run::OperatorsPrometheus { "volumeMounts" } else { "containers" };
        report(
            pods.spec_path.key(path),
            "no container sees the certificates",
            format!("add the volumeMount {{name: {name}, mountPath: /etc/prom-certs}}"),
        );
    }
}

pub(super) fn malformed_annotations(pods: &Pods<'_, '_>, _: &Guard, findings: &mut Findings<'_>) {
    if pods.stay_out() {
        return;
    }
    for (key, value) in pods.annotations.iter() {
        if let Err(wrong) = sidecar::check(key, value) {
            findings.report(
                pods.annotation(key),
                "Istio cannot read this, the pod is refused",
                format!("write a value that Istio reads: {wrong}"),
            );
        }
    }
}
