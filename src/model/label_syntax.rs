//! Which keys and values the labels of Kubernetes objects may have (`k8s.io/apimachinery/pkg/util/validation`).

const LONGEST: usize = 63;
const LONGEST_PREFIX: usize = 253;

/// Whether a label may have this key: a name, or a domain and a name (`IsQualifiedName`).
pub fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_domain(prefix) && is_name(name),
        None => is_name(key),
    }
}

/// Whether a label may have this value: nothing, or a name (`IsValidLabelValue`).
pub fn is_value(value: &str) -> bool {
    value.is_empty() || is_name(value)
}

fn is_name(name: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= LONGEST && name.bytes().all(inside) && is_framed(name, u8::is_ascii_alphanumeric)
}

/// Whether a namespace may be called so (`IsDNS1123Label`).
pub fn is_namespace(name: &str) -> bool {
    name.len() <= LONGEST && !name.contains('.') && is_domain(name)
}

/// Whether a service account may be called so (`IsDNS1123Subdomain`).
pub fn is_domain(domain: &str) -> bool {
    let outside = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| part.bytes().all(|byte| outside(&byte) || byte == b'-') && is_framed(part, outside);
    domain.len() <= LONGEST_PREFIX && domain.split('.').all(is_part)
}

/// Whether first and last byte are there and allowed.
fn is_framed(text: &str, allowed: impl Fn(&u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(&allowed) && bytes.last().is_some_and(&allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("app", true)]
    #[case("app.kubernetes.io/name", true)]
    #[case("A_b.c-d", true)]
    #[case("0", true)]
    #[case("", false)]
    #[case("/", false)]
    #[case("a/", false)]
    #[case("/a", false)]
    #[case("a/b/c", false)]
    #[case("-a", false)]
    #[case("a.", false)]
    #[case("Example.com/a", false)]
    #[case("a..b/c", false)]
    #[case("größe", false)]
    fn keys(#[case] key: &str, #[case] valid: bool) {
        assert_eq!(is_key(key), valid);
    }

    #[rstest]
    #[case("", true)]
    #[case("v1.2", true)]
    #[case("a b", false)]
    #[case("a/b", false)]
    #[case("_a", false)]
    fn values(#[case] value: &str, #[case] valid: bool) {
        assert_eq!(is_value(value), valid);
    }

    #[test]
    fn names_have_63_characters_and_prefixes_253() {
        assert!(is_key(&"a".repeat(63)) && is_value(&"a".repeat(63)) && is_key(&format!("{}/a", "a".repeat(253))));
        assert!(!is_key(&"a".repeat(64)) && !is_value(&"a".repeat(64)) && !is_key(&format!("{}/a", "a".repeat(254))));
    }
}
