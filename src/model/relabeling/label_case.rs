//! Upper and lower case as Go maps them: one character to one character.

/// The text in lower case (`strings.ToLower`).
pub(super) fn lower(text: &str) -> String {
    // The only character whose full mapping is longer than one.
    text.chars().map(|character| single(character.to_lowercase()).unwrap_or('i')).collect()
}

/// The text in upper case (`strings.ToUpper`).
pub(super) fn upper(text: &str) -> String {
    text.chars().map(|character| single(character.to_uppercase()).unwrap_or_else(|| title(character))).collect()
}

/// The one character that a mapping yields, if it is one.
fn single(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    mapped.next().filter(|_| mapped.next().is_none())
}

/// What stands for the upper case of a character whose full upper case is several. For Greek letters with iota
/// subscript it is another character; the rest, such as ß, stays.
fn title(character: char) -> char {
    let distance = match u32::from(character) {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => 9,
        _ => 0,
    };
    char::from_u32(u32::from(character) + distance).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_stays_one() {
        assert_eq!(upper("straße ᾳ ᾀ ŉ ﬁ"), "STRAßE ᾼ ᾈ ŉ ﬁ");
        assert_eq!(lower("İΣΑΣ"), "iσασ");
    }
}
