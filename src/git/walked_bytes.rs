//! A recorded walk as bytes, to be kept between runs. What cannot be read back is no record.

use gix::bstr::BString;

use super::untracked::Met;
use super::walked::Walked;
use crate::stamp::Stamp;

/// The layout; another one is not read.
const LAYOUT: &[u8] = b"vx walk 1\n";

impl Walked {
    /// The bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(LAYOUT.to_vec());
        out.0.extend(self.circumstances.to_le_bytes());
        out.number(self.places.len() as u64);
        for (path, stamp) in &self.places {
            out.name(path);
            out.0.push(u8::from(stamp.is_some()));
            if let Some(Stamp { size, mtime_ns, ctime_ns, inode, mode }) = stamp {
                for number in [*size, mtime_ns.cast_unsigned(), ctime_ns.cast_unsigned(), *inode] {
                    out.number(number);
                }
                out.0.extend(mode.to_le_bytes());
            }
        }
        let Met { files, links, repositories, attributes, holding_ignored, incomplete } = &self.met;
        for names in [files, links, repositories, attributes] {
            out.number(names.len() as u64);
            for name in names {
                out.name(name);
            }
        }
        out.number(holding_ignored.len() as u64);
        for name in holding_ignored {
            out.name(name);
        }
        out.0.push(u8::from(*incomplete));
        out.0
    }

    /// What [`Self::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = In(bytes.strip_prefix(LAYOUT)?);
        let circumstances = u128::from_le_bytes(rest.array()?);
        let places = rest.list(|rest| {
            let path = rest.name()?;
            let stamp = if rest.flag()? { Some(rest.stamp()?) } else { None };
            Some((path, stamp))
        })?;
        let mut names = || rest.list(In::name);
        let (files, links, repositories, attributes) = (names()?, names()?, names()?, names()?);
        let holding_ignored = names()?.into_iter().collect();
        let incomplete = rest.flag()?;
        let met = Met { files, links, repositories, attributes, holding_ignored, incomplete };
        rest.0.is_empty().then_some(Self { circumstances, places, met })
    }
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn name(&mut self, name: &BString) {
        self.number(name.len() as u64);
        self.0.extend_from_slice(name);
    }
}

struct In<'b>(&'b [u8]);

impl In<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.array()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn name(&mut self) -> Option<BString> {
        let length = usize::try_from(self.number()?).ok()?;
        let (name, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(name.into())
    }

    fn stamp(&mut self) -> Option<Stamp> {
        let [size, mtime, ctime, inode] =
            [self.number()?, self.number()?, self.number()?, self.number()?];
        let mode = u32::from_le_bytes(self.array()?);
        let (mtime_ns, ctime_ns) = (mtime.cast_signed(), ctime.cast_signed());
        Some(Stamp { size, mtime_ns, ctime_ns, inode, mode })
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        // Not reserved: a broken count must not cost memory.
        (0..count).map(|_| item(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_record_comes_back_whole_or_not_at_all() {
        let stamp = Stamp { size: 1, mtime_ns: -2, ctime_ns: i64::MAX, inode: u64::MAX, mode: 7 };
        let walked = Walked {
            circumstances: u128::MAX - 5,
            places: vec![("".into(), Some(stamp)), ("a/.gitignore".into(), None)],
            met: Met {
                files: vec!["a/b".into(), b"\xff".into()],
                links: vec![],
                repositories: vec!["lib".into()],
                attributes: vec![],
                holding_ignored: BTreeSet::from(["a".into()]),
                incomplete: false,
            },
        };
        let bytes = walked.to_bytes();
        assert_eq!(Walked::from_bytes(&bytes), Some(walked));
        for end in 0..bytes.len() {
            assert_eq!(Walked::from_bytes(&bytes[..end]), None);
        }
        assert_eq!(Walked::from_bytes(&[&bytes[..], b"x"].concat()), None);
        assert_eq!(Walked::from_bytes(&[LAYOUT, &[0xff; 64]].concat()), None);
    }
}
