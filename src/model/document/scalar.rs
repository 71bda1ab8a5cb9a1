//! What a YAML scalar is: string, number, truth value or null, decided as kubectl decides it.
//!
//! kubectl reads YAML 1.1 through `sigs.k8s.io/yaml` (`go.yaml.in/yaml/v2`), so `on`, `off`, `yes`, `no`, `y` and `n`
//! are truth values and `0644` is octal. We follow it to the letter: whoever writes `value: no` gets `false` from
//! kubectl and shall see here what the API server will see.

use serde_json::Number;

use super::node::Value;
use super::problem::Problem;
use crate::model::Text;

/// The value of a plain (unquoted) scalar without a tag.
///
/// # Errors
/// [`Problem::NoJsonNumber`] for infinities and not-a-number, which JSON does not have.
pub(super) fn plain(text: Text<'_>) -> Result<Value<'_>, Problem> {
    let value = match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off" | "OFF" => Value::Bool(false),
        special if is_special_float(special) => return Err(Problem::NoJsonNumber(special.to_owned())),
        other => match number(other) {
            Some(number) => Value::Number(number),
            None => Value::Text(text),
        },
    };
    Ok(value)
}

/// The value of a scalar that is given a type by a tag of the YAML core schema, such as `!!str`. Other tags mean
/// nothing to Kubernetes, and their values are strings.
///
/// # Errors
/// [`Problem::WrongTag`] when the text is not of that type, [`Problem::NoJsonNumber`] as for [`plain`].
pub(super) fn tagged<'a>(tag: &str, text: Text<'a>) -> Result<Value<'a>, Problem> {
    if !matches!(tag, "null" | "bool" | "int" | "float" | "binary") {
        return Ok(Value::Text(text));
    }
    let value = plain(text.clone())?;
    let fits = match (tag, &value) {
        ("null", Value::Null) | ("bool", Value::Bool(_)) | ("float", Value::Number(_)) => true,
        ("int", Value::Number(number)) => !number.is_f64(),
        _ => false,
    };
    if fits { Ok(value) } else { Err(Problem::WrongTag { tag: tag.to_owned(), text: text.into_owned() }) }
}

fn is_special_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Number> {
    match text.as_bytes().first()? {
        b'.' => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            let digits = text.replace('_', "");
            integer(&digits).or_else(|| float(&digits))
        }
        _ => None,
    }
}

/// An integer as Go's `strconv.ParseInt` reads it with base 0.
fn integer(text: &str) -> Option<Number> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = radix(unsigned);
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative { 0_i64.checked_sub_unsigned(magnitude).map(Number::from) } else { Some(Number::from(magnitude)) }
}

fn radix(unsigned: &str) -> (u32, &str) {
    let Some(rest) = unsigned.strip_prefix('0').filter(|rest| !rest.is_empty()) else { return (10, unsigned) };
    for (letters, radix) in [(['x', 'X'], 16), (['b', 'B'], 2), (['o', 'O'], 8)] {
        if let Some(digits) = rest.strip_prefix(letters) {
            return (radix, digits);
        }
    }
    (8, rest)
}

/// A decimal fraction. Whole ones become integers, as they do on the way through Go's JSON encoder.
fn float(text: &str) -> Option<Number> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    whole(value).map(Number::from).or_else(|| Number::from_f64(value))
}

/// The integer that a fraction equals, within the range in which every integer has its own fraction.
#[allow(clippy::cast_possible_truncation)] // the range is checked, and there is no lossless conversion in the library
fn whole(value: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= LARGEST).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(text: &str) -> Json {
        match plain(Text::from(text)).unwrap() {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Number(number) => Json::Number(number),
            Value::Text(text) => Json::String(text.into_owned()),
            Value::List(_) | Value::Map(_) => unreachable!("a scalar is no collection"),
        }
    }

    #[rstest]
    #[case("", json!(null))]
    #[case("~", json!(null))]
    #[case("yes", json!(true))]
    #[case("Off", json!(false))]
    #[case("n", json!(false))]
    #[case("yEs", json!("yEs"))]
    #[case("80", json!(80))]
    #[case("+80", json!(80))]
    #[case("-1", json!(-1))]
    #[case("-9223372036854775808", json!(i64::MIN))]
    #[case("18446744073709551615", json!(u64::MAX))]
    #[case("1_000", json!(1000))]
    #[case("0644", json!(420))]
    #[case("0o644", json!(420))]
    #[case("0x1F", json!(31))]
    #[case("-0b11", json!(-3))]
    #[case("0", json!(0))]
    #[case("08", json!(8))]
    #[case("1.5", json!(1.5))]
    #[case(".5", json!(0.5))]
    #[case("1.0", json!(1))]
    #[case("1e3", json!(1000))]
    #[case("1e999", json!("1e999"))]
    #[case("1.2.3", json!("1.2.3"))]
    #[case("0x", json!("0x"))]
    #[case("-", json!("-"))]
    #[case(".", json!("."))]
    #[case("10m", json!("10m"))]
    #[case("12:30:45", json!("12:30:45"))]
    #[case("2001-01-01", json!("2001-01-01"))]
    #[case("_1", json!("_1"))]
    fn a_plain_scalar_is_what_kubectl_takes_it_for(#[case] text: &str, #[case] expected: Json) {
        assert_eq!(read(text), expected);
    }

    #[rstest]
    #[case(".inf")]
    #[case("-.INF")]
    #[case(".NaN")]
    fn what_json_cannot_say_is_refused(#[case] text: &str) {
        assert_eq!(plain(Text::from(text)), Err(Problem::NoJsonNumber(text.to_owned())));
    }

    #[rstest]
    #[case("str", "80", true)]
    #[case("int", "80", true)]
    #[case("int", "1.5", false)]
    #[case("float", "80", true)]
    #[case("bool", "on", true)]
    #[case("bool", "80", false)]
    #[case("binary", "aGk=", false)]
    fn a_tag_must_fit_its_text(#[case] tag: &str, #[case] text: &str, #[case] fits: bool) {
        assert_eq!(tagged(tag, Text::from(text)).is_ok(), fits);
    }
}
