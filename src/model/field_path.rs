//! The place of a field inside an object, written as Kubernetes writes it in `status.details.causes`.

use std::fmt;

/// A path such as `spec.ingress[0].ports[1].port` or `metadata.labels[app.kubernetes.io/name]`.
///
/// Map keys that are not plain identifiers are written in brackets, as `k8s.io/apimachinery/pkg/util/validation/field`
/// does for `Path.Key`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<Segment>);

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// The value of a key of a JSON object.
    Key(String),
    /// The element of a JSON array, counted from zero.
    Index(usize),
}

impl FieldPath {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of plain keys separated by dots, such as `spec.podSelector`. Keys that contain dots go through
    /// [`FieldPath::key`].
    pub fn of(dotted: &str) -> Self {
        Self(dotted.split('.').map(|key| Segment::Key(key.to_owned())).collect())
    }

    /// This path extended by the key of a JSON object.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// This path extended by the position in a JSON array.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The steps from the object to the field.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Adds a step in place, for walkers that go in and out of a tree.
    pub fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    /// Takes the last step back.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }
}

fn is_identifier(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if !is_identifier(key) => write!(formatter, "[{key}]")?,
                Segment::Key(key) if position == 0 => formatter.write_str(key)?,
                Segment::Key(key) => write!(formatter, ".{key}")?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_kubernetes_writes_it() {
        let port = FieldPath::of("spec.ingress").index(0).key("ports").index(1).key("port");
        assert_eq!(port.to_string(), "spec.ingress[0].ports[1].port");
        let label = FieldPath::of("metadata.labels").key("app.kubernetes.io/name");
        assert_eq!(label.to_string(), "metadata.labels[app.kubernetes.io/name]");
        assert_eq!(FieldPath::root().to_string(), "");
    }
}
