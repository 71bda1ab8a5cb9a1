//! Which object a text is about, before anybody reads all of it.

use serde::Deserialize;

use crate::model::resource::Metadata;
use crate::model::snapshot::{Origin, Problem, ProblemKind};
use crate::model::{ObjectReference, Text};

/// Just enough of an object to tell which one it is.
#[derive(Deserialize)]
pub(super) struct Heading<'a> {
    #[serde(borrow, default)]
    pub(super) metadata: Metadata<'a>,
}

/// Even less, for one of which the rest is not in its form.
#[derive(Deserialize)]
struct Name<'a> {
    #[serde(borrow)]
    metadata: NameInMetadata<'a>,
}

#[derive(Deserialize)]
struct NameInMetadata<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    namespace: Option<Text<'a>>,
}

/// Reads which object it is, of a kind with this name of which objects are in namespaces or not.
///
/// # Errors
/// That cannot be told, or what else it has there is not in its form.
pub(super) fn heading<'a>(
    (kind, is_namespaced): (&str, bool),
    default_namespace: &str,
    json: &'a str,
    origin: Option<Origin>,
) -> Result<(ObjectReference, Metadata<'a>), Box<Problem>> {
    let metadata = match serde_json::from_str::<Heading<'a>>(json) {
        Ok(heading) => heading.metadata,
        Err(error) => {
            let object = named(json, kind, is_namespaced.then_some(default_namespace));
            let why = if object.is_some() { error.to_string() } else { format!("{kind}: {error}") };
            return Err(Box::new(Problem { object, origin, kind: ProblemKind::Form(why), group: None }));
        }
    };
    let own = metadata.namespace.as_ref().filter(|namespace| !namespace.is_empty());
    let namespace = own.map_or(default_namespace, |namespace| namespace.as_str());
    let reference = metadata.reference(kind, if is_namespaced { namespace } else { "" }, "");
    if reference.name.is_empty() {
        return Err(Box::new(Problem { object: Some(reference), origin, kind: ProblemKind::Nameless, group: None }));
    }
    Ok((reference, metadata))
}

fn named(json: &str, kind: &str, default_namespace: Option<&str>) -> Option<ObjectReference> {
    let Name { metadata } = serde_json::from_str(json).ok()?;
    let own = metadata.namespace.as_ref().map(Text::as_str).filter(|namespace| !namespace.is_empty());
    let namespace = default_namespace.map(|default| own.unwrap_or(default).to_owned());
    Some(ObjectReference { kind: kind.to_owned(), namespace, name: metadata.name.to_string() })
}
