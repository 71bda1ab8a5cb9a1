//! What a relabeling step can do.

use std::fmt;

/// What a relabeling step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Writes the target label, where the expression matches.
    Replace,
    /// Drops the target unless the expression matches.
    Keep,
    /// Drops the target if the expression matches.
    Drop,
    /// Drops the target unless the joined values are those of the target label.
    KeepEqual,
    /// Drops the target if the joined values are those of the target label.
    DropEqual,
    /// Writes a hash of the joined values, modulo a number.
    HashMod,
    /// Copies labels whose names match to other names.
    LabelMap,
    /// Removes labels whose names match.
    LabelDrop,
    /// Removes labels whose names do not match.
    LabelKeep,
    /// Writes the joined values in lower case.
    Lowercase,
    /// Writes the joined values in upper case.
    Uppercase,
}

impl Action {
    const ALL: [Self; 11] = [
        Self::Replace,
        Self::Keep,
        Self::Drop,
        Self::KeepEqual,
        Self::DropEqual,
        Self::HashMod,
        Self::LabelMap,
        Self::LabelDrop,
        Self::LabelKeep,
        Self::Lowercase,
        Self::Uppercase,
    ];

    /// The action of this name, in upper or lower case.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name().eq_ignore_ascii_case(name))
    }

    /// The name as Prometheus writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }

    /// Whether the action writes to, or compares with, the target label.
    pub const fn needs_target(self) -> bool {
        !matches!(self, Self::Keep | Self::Drop | Self::LabelMap | Self::LabelDrop | Self::LabelKeep)
    }

    /// Whether the action looks at the names of labels, not at values.
    pub const fn matches_names(self) -> bool {
        matches!(self, Self::LabelMap | Self::LabelDrop | Self::LabelKeep)
    }

    /// Whether the action compares the joined values with another label.
    pub const fn compares(self) -> bool {
        matches!(self, Self::KeepEqual | Self::DropEqual)
    }

    /// Whether the action changes upper to lower case or the other way round.
    pub const fn changes_case(self) -> bool {
        matches!(self, Self::Lowercase | Self::Uppercase)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
