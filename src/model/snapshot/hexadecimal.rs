//! Bytes written as hexadecimal digits.

use std::fmt;

/// So many bytes. As text they take twice the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hexadecimal<const N: usize>([u8; N]);

impl<const N: usize> Hexadecimal<N> {
    /// Reads two digits a byte; `None` where there are more, fewer or other characters.
    pub(super) fn read(mut digits: impl Iterator<Item = char>) -> Option<Self> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            let [high, low] = [digits.next()?.to_digit(16)?, digits.next()?.to_digit(16)?];
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }

    /// Its digits in lower case, with a hyphen before each of these bytes.
    pub(super) fn write(self, hyphens: &[usize]) -> String {
        let mut text = String::with_capacity(2 * N + hyphens.len());
        for (place, byte) in self.0.iter().enumerate() {
            if hyphens.contains(&place) {
                text.push('-');
            }
            text.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
        }
        text
    }
}

impl<const N: usize> fmt::Display for Hexadecimal<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.write(&[]))
    }
}
