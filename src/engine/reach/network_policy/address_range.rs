//! Ranges of addresses (`ipBlock`).

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::Truth;
use crate::model::resource::network_policy::IpBlock;

/// A range of addresses without some parts of it. What could not be read of it is kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRange {
    cidr: Block,
    except: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    Read(IpNet),
    Unreadable(String),
}

impl AddressRange {
    /// The range of an `ipBlock`. As in Kubernetes (`ParseCIDRSloppy`), bits behind the prefix and zeros before a
    /// number do not count.
    pub fn new(block: &IpBlock<'_>) -> Self {
        Self { cidr: Block::read(&block.cidr), except: block.except.iter().map(|it| Block::read(it)).collect() }
    }

    /// Whether the address is in the range. Unknown where that hangs on a part that could not be read.
    pub fn contains(&self, address: IpAddr) -> Truth {
        let is_left_out = Truth::any(self.except.iter().map(|except| except.contains(address)));
        self.cidr.contains(address).and(!is_left_out)
    }

    /// Whether it is all addresses of a family: yes, or unknown, for a narrower range may mean the same to somebody.
    pub(super) fn is_everything(&self) -> Truth {
        let is_whole_family = matches!(&self.cidr, Block::Read(cidr) if cidr.prefix_len() == 0);
        if is_whole_family && self.except.is_empty() { Truth::Yes } else { Truth::Unknown }
    }

    /// The ranges that it is made of, as far as they could be read.
    pub fn parts(&self) -> impl Iterator<Item = IpNet> {
        std::iter::once(&self.cidr).chain(&self.except).filter_map(|block| match block {
            Block::Read(range) => Some(*range),
            Block::Unreadable(_) => None,
        })
    }

    /// The part of it that could not be read.
    pub(super) fn unreadable(&self) -> Option<&str> {
        std::iter::once(&self.cidr).chain(&self.except).find_map(|block| match block {
            Block::Unreadable(text) => Some(text.as_str()),
            Block::Read(_) => None,
        })
    }
}

impl Block {
    fn read(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Unreadable(text.to_owned()), Self::Read)
    }

    fn contains(&self, address: IpAddr) -> Truth {
        match self {
            Self::Read(range) => Truth::from(range.contains(&address)),
            Self::Unreadable(_) => Truth::Unknown,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(range) => range.fmt(formatter),
            Self::Unreadable(text) => write!(formatter, "{text:?}"),
        }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cidr.fmt(formatter)?;
        for (index, except) in self.except.iter().enumerate() {
            write!(formatter, "{}{except}", if index == 0 { " except " } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Truth::{No, Unknown, Yes};
    use rstest::rstest;

    fn range(json: &str) -> AddressRange {
        AddressRange::new(&serde_json::from_str(json).unwrap())
    }

    #[rstest]
    #[case(r#"{"cidr": "10.0.0.0/8"}"#, "10.1.2.3", Yes)]
    #[case(r#"{"cidr": "10.0.0.0/8"}"#, "11.1.2.3", No)]
    #[case(r#"{"cidr": "10.9.9.9/8"}"#, "10.1.2.3", Yes)]
    #[case(r#"{"cidr": "010.000.000.000/8"}"#, "10.1.2.3", Yes)]
    #[case(r#"{"cidr": "10.1.2.3/32"}"#, "10.1.2.3", Yes)]
    #[case(r#"{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}"#, "10.1.2.3", No)]
    #[case(r#"{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}"#, "10.2.0.0", No)]
    #[case(r#"{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}"#, "10.3.0.0", Yes)]
    #[case(r#"{"cidr": "fd00::/8"}"#, "fd00::1", Yes)]
    #[case(r#"{"cidr": "fd00::/8", "except": ["fd00::/64"]}"#, "fd00::1", No)]
    #[case(r#"{"cidr": "0.0.0.0/0"}"#, "fd00::1", No)]
    #[case(r#"{"cidr": "::/0"}"#, "10.1.2.3", No)]
    #[case(r#"{"cidr": "10.0.0.0"}"#, "10.0.0.0", Unknown)]
    #[case(r#"{"cidr": "10.0.0.0/33"}"#, "10.0.0.0", Unknown)]
    #[case(r#"{"cidr": "10.0.0.0/8", "except": ["what"]}"#, "10.0.0.0", Unknown)]
    #[case(r#"{"cidr": "10.0.0.0/8", "except": ["what"]}"#, "11.0.0.0", No)]
    #[case(r#"{"cidr": "10.0.0.0/8", "except": ["what", "10.0.0.0/16"]}"#, "10.0.0.0", No)]
    fn an_address_is_in_the_range_and_in_no_exception(
        #[case] block: &str,
        #[case] address: IpAddr,
        #[case] expected: Truth,
    ) {
        assert_eq!(range(block).contains(address), expected);
    }

    #[test]
    fn is_written_with_its_exceptions() {
        let written = range(r#"{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "what"]}"#).to_string();
        assert_eq!(written, r#"10.0.0.0/8 except 10.1.0.0/16, "what""#);
    }
}
