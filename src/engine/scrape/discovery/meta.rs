//! How Prometheus names what it tells of Kubernetes objects: meta labels.

use crate::model::labels::Labels;

/// What all names of meta labels begin with (`prometheus/discovery/kubernetes.metaLabelPrefix`).
pub(super) const PREFIX: &str = "__meta_kubernetes_";

/// The value of labels that say only that something is there.
const PRESENT: &str = "true";

/// Names and values that are being listed.
pub(super) type Listed = Vec<(String, String)>;

/// Adds a meta label.
pub(super) fn list(listed: &mut Listed, name: &str, value: impl Into<String>) {
    listed.push(([PREFIX, name].concat(), value.into()));
}

/// Adds what is told of the labels and annotations of an object, in the words of a role such as `pod`.
pub(super) fn list_object(listed: &mut Listed, role: &str, labels: &Labels<'_>, annotations: &Labels<'_>) {
    for (kind, all) in [("label", labels), ("annotation", annotations)] {
        for (key, value) in all.iter() {
            let key = sanitised(key);
            list(listed, &format!("{role}_{kind}_{key}"), value);
            list(listed, &format!("{role}_{kind}present_{key}"), PRESENT);
        }
    }
}

/// The value of one of those, by the end of its name, such as `label_app`. Of several keys that become the same name the
/// last one counts; Prometheus takes one or the other.
pub(super) fn of_object<'o>(rest: &str, labels: &'o Labels<'_>, annotations: &'o Labels<'_>) -> Option<&'o str> {
    let (kind, key) = rest.split_once('_')?;
    let (all, is_presence) = match kind {
        "label" => (labels, false),
        "labelpresent" => (labels, true),
        "annotation" => (annotations, false),
        "annotationpresent" => (annotations, true),
        _ => return None,
    };
    let (_, value) = all.iter().filter(|(known, _)| becomes(known, key)).last()?;
    Some(if is_presence { PRESENT } else { value })
}

/// A key as part of a label name (`prometheus/util/strutil.SanitizeLabelName`).
pub(super) fn sanitised(key: &str) -> String {
    key.chars().map(sane).collect()
}

/// Whether a key becomes this part of a label name.
pub(super) fn becomes(key: &str, part: &str) -> bool {
    key.chars().map(sane).eq(part.chars())
}

fn sane(character: char) -> char {
    if character.is_ascii_alphanumeric() { character } else { '_' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("app.kubernetes.io/name", "app_kubernetes_io_name")]
    #[case("größe", "gr__e")]
    #[case("a_b", "a_b")]
    fn keys_in_label_names(#[case] key: &str, #[case] part: &str) {
        assert_eq!(sanitised(key), part);
        assert!(becomes(key, part));
        assert!(!becomes(key, "other"));
    }

    #[test]
    fn of_keys_that_become_the_same_the_last_counts() {
        let labels = Labels::from_iter([("a.b", "1"), ("a-b", "2")]);
        assert_eq!(of_object("label_a_b", &labels, &Labels::none()), Some("2"));
        assert_eq!(of_object("labelpresent_a_b", &labels, &Labels::none()), Some("true"));
        assert_eq!(of_object("annotation_a_b", &labels, &Labels::none()), None);
        assert_eq!(of_object("name", &labels, &Labels::none()), None);
    }
}
