//! What the cluster calls a pod and its containers besides their names: long texts of a known form, kept as their bytes.
//! What has another form is kept as it is.

use std::borrow::Cow;

use super::hexadecimal::Hexadecimal;

/// The bytes of a UUID that have a hyphen before them (RFC 9562).
const HYPHENS: [usize; 4] = [4, 6, 8, 10];

/// `metadata.uid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uid {
    /// One as the API server makes them.
    Uuid(Hexadecimal<16>),
    /// Any other; empty for what has none.
    Text(Box<str>),
}

impl Uid {
    /// Reads any text.
    pub fn read(text: &str) -> Self {
        let uuid = Hexadecimal::read(text.chars().filter(|character| *character != '-'));
        match uuid.filter(|uuid| uuid.write(&HYPHENS) == text) {
            Some(uuid) => Self::Uuid(uuid),
            None => Self::Text(text.into()),
        }
    }

    /// The text that was read.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Uuid(uuid) => Cow::Owned(uuid.write(&HYPHENS)),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

impl Default for Uid {
    fn default() -> Self {
        Self::Text(Box::default())
    }
}

/// A container that runs, such as `containerd://4f5c...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningId {
    /// The runtime that it runs in, and a hash, which is what runtimes call their containers.
    Hash(Runtime, Hexadecimal<32>),
    /// Any other; empty where none runs.
    Text(Box<str>),
}

/// A container runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// containerd.
    Containerd,
    /// CRI-O.
    CriO,
    /// Docker, by way of cri-dockerd.
    Docker,
}

impl Runtime {
    const ALL: [Self; 3] = [Self::Containerd, Self::CriO, Self::Docker];

    /// What the names of its containers begin with.
    const fn scheme(self) -> &'static str {
        match self {
            Self::Containerd => "containerd://",
            Self::CriO => "cri-o://",
            Self::Docker => "docker://",
        }
    }
}

impl RunningId {
    /// Reads any text.
    pub fn read(text: &str) -> Self {
        let hash = Runtime::ALL.into_iter().find_map(|runtime| {
            let digits = text.strip_prefix(runtime.scheme())?;
            Some((runtime, Hexadecimal::read(digits.chars())?))
        });
        match hash {
            Some((runtime, hash)) if !text.contains(|character: char| character.is_ascii_uppercase()) => {
                Self::Hash(runtime, hash)
            }
            _ => Self::Text(text.into()),
        }
    }

    /// The text that was read.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Hash(runtime, hash) => Cow::Owned(format!("{}{hash}", runtime.scheme())),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

impl Default for RunningId {
    fn default() -> Self {
        Self::Text(Box::default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0f8fad5b-d9cb-469f-a165-70867728950e", true)]
    #[case("0F8FAD5B-D9CB-469F-A165-70867728950E", false)]
    #[case("0f8fad5bd9cb469fa16570867728950e", false)]
    #[case("0f8fad5b-d9cb-469f-a165-70867728950", false)]
    #[case("0f8fad5b-d9cb-469f-a165-70867728950e0", false)]
    #[case("", false)]
    fn a_uid_is_the_text_that_was_read(#[case] text: &str, #[case] is_uuid: bool) {
        let uid = Uid::read(text);
        assert_eq!((&*uid.text(), matches!(uid, Uid::Uuid(_))), (text, is_uuid));
    }

    #[rstest]
    #[case("containerd://", 64, true)]
    #[case("cri-o://", 64, true)]
    #[case("docker://", 64, true)]
    #[case("docker://", 63, false)]
    #[case("docker://", 65, false)]
    #[case("rkt://", 64, false)]
    fn the_id_of_a_container_is_the_text_that_was_read(
        #[case] scheme: &str,
        #[case] digits: usize,
        #[case] is_hash: bool,
    ) {
        for digit in ["a", "A"] {
            let text = format!("{scheme}{}", digit.repeat(digits));
            let id = RunningId::read(&text);
            assert_eq!((&*id.text(), matches!(id, RunningId::Hash(..))), (text.as_str(), is_hash && digit == "a"));
        }
    }

    proptest! {
        #[test]
        fn any_text_stays_as_it_is(text in "((docker|containerd|cri-o)://)?[0-9a-fA-Fé-]{0,66}") {
            let (uid, id) = (Uid::read(&text), RunningId::read(&text));
            prop_assert_eq!([&*uid.text(), &*id.text()], [text.as_str(); 2]);
        }
    }
}
