//! The URL of a target, spelt as Go's `net/url` spells it (`prometheus/scrape/target.go`, `Target.URL`).

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::relabeling::LabelSet;

/// What labels begin with that hold parameters of the request.
pub(super) const PARAMETER_PREFIX: &str = "__param_";

/// The URL of a target with these labels in a pool with these parameters. A label holds the first value of its
/// parameter.
pub(super) fn of_target(labels: &LabelSet, parameters: &[(String, Vec<String>)]) -> String {
    let (scheme, host) = (labels.get("__scheme__"), labels.get("__address__"));
    let path = labels.get("__metrics_path__");
    let mut url = String::with_capacity(scheme.len() + host.len() + path.len() + 4);
    if !scheme.is_empty() {
        url.extend([scheme, ":"]);
    }
    url.push_str("//");
    escape(host, |byte| b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte), &mut url);
    if !path.is_empty() && !path.starts_with('/') {
        url.push('/');
    }
    match path {
        "*" => url.push('*'),
        _ => escape(path, |byte| b"-_.~$&+,/:;=@".contains(&byte), &mut url),
    }
    query(&mut url, labels, parameters);
    url
}

/// Parameters in order of their names, as `url.Values.Encode` writes them.
fn query(url: &mut String, labels: &LabelSet, parameters: &[(String, Vec<String>)]) {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, values) in parameters {
        all.insert(name, values.iter().map(String::as_str).collect());
    }
    for (name, value) in labels.iter() {
        let Some(name) = name.strip_prefix(PARAMETER_PREFIX) else { continue };
        let values = all.entry(name).or_default();
        match values.first_mut() {
            Some(first) => *first = value,
            None => values.push(value),
        }
    }
    let pairs = all.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    for (number, (name, value)) in pairs.enumerate() {
        url.push(if number == 0 { '?' } else { '&' });
        escape_in_query(name, url);
        url.push('=');
        escape_in_query(value, url);
    }
}

fn escape_in_query(text: &str, url: &mut String) {
    for (number, word) in text.split(' ').enumerate() {
        if number > 0 {
            url.push('+');
        }
        escape(word, |byte| b"-_.~".contains(&byte), url);
    }
}

/// Letters and digits stay, and what is allowed; everything else is escaped.
fn escape(text: &str, is_allowed: impl Fn(u8) -> bool, url: &mut String) {
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii_alphanumeric() || (byte.is_ascii() && is_allowed(byte)) => url.push(character),
            _ => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a text never fails.
                    let _ = write!(url, "%{byte:02X}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http", "10.0.0.1:80", "/metrics", "http://10.0.0.1:80/metrics")]
    #[case("https", "[fd00::1]:80", "/a b?c", "https://[fd00::1]:80/a%20b%3Fc")]
    #[case("http", "a", "metrics", "http://a/metrics")]
    #[case("http", "a", "*", "http://a/*")]
    #[case("http", "a", "", "http://a")]
    #[case("", "a", "/ä", "//a/%C3%A4")]
    #[case("http", "a b", "/%41!", "http://a%20b/%2541%21")]
    #[case("http", "<Deployment.web.shop>:80", "/m", "http://<Deployment.web.shop>:80/m")]
    fn addresses_and_paths(#[case] scheme: &str, #[case] host: &str, #[case] path: &str, #[case] url: &str) {
        let labels = [("__scheme__", scheme), ("__address__", host), ("__metrics_path__", path)];
        assert_eq!(of_target(&labels.into_iter().collect(), &[]), url);
    }

    #[rstest]
    #[case(vec![("b", vec!["2", "3"]), ("a", vec!["1"])], &[], "?a=1&b=2&b=3")]
    #[case(vec![("b", vec!["2", "3"])], &[("b", "x y"), ("a", "&=")], "?a=%26%3D&b=x+y&b=3")]
    #[case(vec![("b", vec![])], &[], "")]
    #[case(vec![("b[]", vec!["ä", ""])], &[], "?b%5B%5D=%C3%A4&b%5B%5D=")]
    fn parameters(#[case] pool: Vec<(&str, Vec<&str>)>, #[case] labels: &[(&str, &str)], #[case] query: &str) {
        let owned = |(name, values): &(&str, Vec<&str>)| {
            ((*name).to_owned(), values.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let pool: Vec<_> = pool.iter().map(owned).collect();
        let labels = labels.iter().map(|(name, value)| (format!("__param_{name}"), *value));
        let address = [("__scheme__".to_owned(), "http"), ("__address__".to_owned(), "a")];
        let url = of_target(&labels.chain(address).collect(), &pool);
        assert_eq!(url, format!("http://a{query}"));
    }
}
