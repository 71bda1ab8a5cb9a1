//! What must be known of the mesh as a whole.

use crate::model::guard::Mesh;
use crate::model::guard::document::IstioMode;

/// The mesh as a whole. What Istio is installed with and is not told here is taken as its charts leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshSettings {
    /// Whether and how it captures traffic.
    pub mode: IstioMode,
    /// The trust domain: the first part of every principal.
    pub trust_domain: String,
    /// Trust domains that stand for it in policies.
    pub trust_domain_aliases: Vec<String>,
    /// The namespace whose policies hold for the whole mesh.
    pub root_namespace: String,
    /// Revisions and tags that there are; `None` where they are not known.
    pub revisions: Option<Vec<String>>,
    /// Whether pods are injected that nothing at all is said of (`enableNamespacesByDefault`).
    pub injects_by_default: bool,
}

impl Default for MeshSettings {
    fn default() -> Self {
        Self {
            mode: IstioMode::Auto,
            trust_domain: "cluster.local".to_owned(),
            trust_domain_aliases: Vec::new(),
            root_namespace: "istio-system".to_owned(),
            revisions: None,
            injects_by_default: false,
        }
    }
}

impl From<&Mesh> for MeshSettings {
    fn from(mesh: &Mesh) -> Self {
        Self {
            mode: mesh.istio,
            trust_domain: mesh.trust_domain.clone(),
            root_namespace: mesh.root_namespace.clone(),
            ..Self::default()
        }
    }
}
