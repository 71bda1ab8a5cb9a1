//! Which texts Go's `net/url.Parse` takes for a URL.

use std::net::Ipv6Addr;

/// Whether Go takes the text for a URL. Where versions of Go differ, such as for a host with several colons, it is
/// taken for one, as is what has no scheme.
pub fn is_url(text: &str) -> bool {
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    if text.bytes().any(|byte| byte.is_ascii_control()) || !is_escaped_well(fragment) {
        return false;
    }
    let Some((_, rest)) = address.split_once("://") else { return true };
    let (rest, _query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    user.bytes().all(may_be_in_user) && is_escaped_well(user) && is_host(host) && is_escaped_well(path)
}

/// Name or address, with or without a port.
fn is_host(host: &str) -> bool {
    let Some(inside) = host.strip_prefix('[') else {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
        return is_port(port) && is_name(name);
    };
    let Some((address, after)) = inside.rsplit_once(']') else { return false };
    let port = after.strip_prefix(':').unwrap_or(after);
    // What stands in the brackets is looked at since Go 1.26 only.
    is_port(port)
        && (after.is_empty() || after.starts_with(':'))
        && (address.parse::<Ipv6Addr>().is_ok() || is_name(address))
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

/// In a name, only what is not ASCII may be escaped.
fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| !byte.is_ascii() || byte.is_ascii_alphanumeric() || br#"-_.~!$&'()*+,;=:[]<>"%"#.contains(&byte);
    let is_foreign = |escape: &str| escape.starts_with(|digit: char| digit.is_ascii_hexdigit() && digit >= '8');
    let escapes = || name.split('%').skip(1);
    name.bytes().all(allowed)
        && is_escaped_well(name)
        && escapes().all(|escape| escape.starts_with("25") || is_foreign(escape))
}

fn may_be_in_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte)
}

/// Whether two hexadecimal digits follow each `%`.
fn is_escaped_well(text: &str) -> bool {
    let begins_well = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    text.split('%').skip(1).all(begins_well)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http://proxy:3128", true)]
    #[case("https://user:word@proxy/%41?q=%zz#f", true)]
    #[case("socks5://[::1]:1080", true)]
    #[case("http://proxy:", true)]
    #[case("http://größe/", true)]
    #[case("http://%C3%A9/", true)]
    #[case("no scheme", true)]
    #[case("http://proxy:port", false)]
    #[case("http://${proxy}:80", false)]
    #[case("http://pro xy", false)]
    #[case("http://%41/", false)]
    #[case("http://a/%zz", false)]
    #[case("http://a/%4", false)]
    #[case("http://a/#%", false)]
    #[case("http://[::1", false)]
    #[case("http://[::1]x", false)]
    #[case("http://us er@a", false)]
    #[case("http://a\u{7f}", false)]
    fn urls(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(is_url(text), valid);
    }
}
