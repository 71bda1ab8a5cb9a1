//! Certificates of the mesh for Prometheus: its sidecar writes them to a volume that both containers mount.

use crate::engine::inject::Obstacle;
use crate::engine::inject::patch::{Added, Patch};
use crate::engine::inject::place::Place;
use crate::engine::rules::injection::MESH_CONFLICT;
use crate::model::FieldPath;
use crate::model::guard::{Certificates, Guard};
use crate::model::resource::Prometheus;
use crate::model::sidecar::{
    EXCLUDE_OUTBOUND_RANGES, INCLUDE_INBOUND_PORTS, INCLUDE_OUTBOUND_RANGES, PROXY_CONFIG, USER_VOLUME_MOUNT,
    output_certificates,
};

/// Where the sidecar writes them.
const DIRECTORY: &str = "/etc/istio-output-certs";
const CONFIG: &str = "proxyMetadata:\n  OUTPUT_CERTS: /etc/istio-output-certs\n";

/// One way to wire it all up. Names and paths are those that people find in the documentation of each.
struct Style {
    volume: &'static str,
    /// Where Prometheus sees the certificates.
    mount_path: &'static str,
    /// What the sidecar mounts.
    user_volume_mount: &'static str,
    /// What traffic the sidecar leaves alone.
    traffic: &'static [(&'static str, &'static str)],
}

/// `istio.io/docs/ops/integrations/prometheus`.
const ISTIO: Style = Style {
    volume: "istio-certs",
    mount_path: "/etc/prom-certs/",
    user_volume_mount: r#"[{"name":"istio-certs","mountPath":"/etc/istio-output-certs"}]"#,
    traffic: &[(INCLUDE_INBOUND_PORTS, ""), (INCLUDE_OUTBOUND_RANGES, "")],
};

const OCNE: Style = Style {
    volume: "istio-certs-dir",
    mount_path: "/etc/istio-certs",
    user_volume_mount: r#"[{"name":"istio-certs-dir","mountPath":"/etc/istio-output-certs"}]"#,
    traffic: &[(EXCLUDE_OUTBOUND_RANGES, "0.0.0.0/0")],
};

/// The same where addresses of IPv6 must be left alone too.
const OCNE_DUAL_STACK: Style = Style { traffic: &[(EXCLUDE_OUTBOUND_RANGES, "0.0.0.0/0,::/0")], ..OCNE };

impl Style {
    fn of(guard: &Guard) -> Option<&'static Self> {
        match guard.mesh.certificates {
            Certificates::None => None,
            Certificates::Istio => Some(&ISTIO),
            Certificates::Ocne if guard.mesh.dual_stack == Some(true) => Some(&OCNE_DUAL_STACK),
            Certificates::Ocne => Some(&OCNE),
        }
    }

    fn annotations(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let certificates = [(PROXY_CONFIG, CONFIG), (USER_VOLUME_MOUNT, self.user_volume_mount)];
        self.traffic.iter().copied().chain(certificates)
    }
}

/// What a Prometheus lacks to get certificates, as the guard wants them.
///
/// A Prometheus that gets certificates in a way of its own is left alone: its parts must fit each other.
///
/// # Errors
/// Something stands where our part would have to.
pub(super) fn add(prometheus: &Prometheus<'_>, guard: &Guard) -> Result<Patch, Obstacle> {
    let mut patch = Patch::default();
    let Some(style) = Style::of(guard).filter(|style| !has_its_own_way(prometheus, style)) else { return Ok(patch) };
    let place = Place::of_prometheus(prometheus);
    for (key, value) in style.annotations() {
        match place.annotations.get(key) {
            None => place.add_annotation(&mut patch, key, value),
            Some(found) if says_the_same(key, found, value) => {}
            Some(_) => return Err(conflict(place.annotations_path().key(key))),
        }
    }
    add_volume(prometheus, style, &mut patch);
    add_mount(prometheus, style, &mut patch)?;
    Ok(patch)
}

/// Whether certificates go to a directory of the user's choice, or through a volume of the user's choice.
fn has_its_own_way(prometheus: &Prometheus<'_>, style: &Style) -> bool {
    let annotations = Place::of_prometheus(prometheus).annotations;
    let directory = annotations.get(PROXY_CONFIG).and_then(|config| output_certificates(config).ok().flatten());
    let mounts = annotations.get(USER_VOLUME_MOUNT);
    directory.is_some_and(|directory| directory != DIRECTORY || mounts.is_some_and(|it| it != style.user_volume_mount))
}

fn says_the_same(key: &str, found: &str, wanted: &str) -> bool {
    found == wanted || (key == PROXY_CONFIG && output_certificates(found) == Ok(Some(DIRECTORY.to_owned())))
}

fn conflict(path: FieldPath) -> Obstacle {
    Obstacle {
        rule: MESH_CONFLICT,
        path,
        message: "certificates of the mesh need another value here".to_owned(),
        fix: "remove it to have all parts injected, or set certificates: none in the guard".to_owned(),
    }
}

/// A volume of that name serves, whatever it is made of.
fn add_volume(prometheus: &Prometheus<'_>, style: &Style, patch: &mut Patch) {
    let volumes = prometheus.spec.as_ref().and_then(|spec| spec.volumes.as_deref());
    if volumes.is_some_and(|volumes| volumes.iter().any(|volume| volume.name == style.volume)) {
        return;
    }
    let memory = ("emptyDir".to_owned(), Added::texts([("medium", "Memory")]));
    let volume = Added::Map(vec![("name".to_owned(), Added::Text(style.volume.to_owned())), memory]);
    patch.append(&["spec", "volumes"], depth(prometheus, volumes.is_some()), volume);
}

/// A mount of that volume serves, wherever it is. Two volumes cannot be at one place.
fn add_mount(prometheus: &Prometheus<'_>, style: &Style, patch: &mut Patch) -> Result<(), Obstacle> {
    let mounts = prometheus.spec.as_ref().and_then(|spec| spec.volume_mounts.as_deref());
    if mounts.is_some_and(|mounts| mounts.iter().any(|mount| mount.name == style.volume)) {
        return Ok(());
    }
    let same_place = |path: &str| path.trim_end_matches('/') == style.mount_path.trim_end_matches('/');
    if let Some(position) = mounts.and_then(|mounts| mounts.iter().position(|mount| same_place(&mount.mount_path))) {
        return Err(conflict(FieldPath::of("spec.volumeMounts").index(position).key("mountPath")));
    }
    let mount = Added::texts([("name", style.volume), ("mountPath", style.mount_path)]);
    patch.append(&["spec", "volumeMounts"], depth(prometheus, mounts.is_some()), mount);
    Ok(())
}

/// How many keys of `spec.<list>` lead to something that is there.
fn depth(prometheus: &Prometheus<'_>, has_list: bool) -> usize {
    usize::from(prometheus.spec.is_some()) + usize::from(has_list)
}
