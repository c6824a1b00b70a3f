//! How much an artifact may unpack to. A small file that unpacks to a great deal is made to do harm: it would
//! fill the disk before its end shows what it is.
//!
//! Packing and unpacking go by the same limit, so that nothing is stored that cannot be restored.

use super::head::BLOCK;

/// Up to here the size of the file does not matter: 1 GiB.
const FREE: u64 = 1 << 30;

/// Above, no more than so many bytes for each byte of the file. What people build stays below 100.
const RATIO: u64 = 1000;

/// And never more than this: 64 GiB.
const MAX: u64 = 64 << 30;

/// What an artifact of `size` bytes may unpack to, all entries with their headers.
pub(super) const fn most(size: u64) -> u64 {
    let by_size = size.saturating_mul(RATIO);
    if by_size < FREE {
        FREE
    } else if by_size > MAX {
        MAX
    } else {
        by_size
    }
}

/// Counts what is about to be read against the limit.
pub(super) struct Meter {
    limit: u64,
    left: u64,
}

impl Meter {
    /// For an artifact of `size` bytes.
    pub(super) const fn new(size: u64) -> Self {
        let limit = most(size);
        Self { limit, left: limit }
    }

    /// Takes an entry with a content of `size` bytes; the error says what is wrong.
    pub(super) fn take(&mut self, size: u64) -> Result<(), String> {
        let taken = size.checked_next_multiple_of(BLOCK as u64).and_then(|size| {
            let left = self.left.checked_sub(size)?;
            left.checked_sub(BLOCK as u64)
        });
        self.left = taken.ok_or_else(|| {
            format!("it unpacks to more than {} bytes, too many for its size", self.limit)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_grows_with_the_file_between_its_bounds() {
        assert_eq!(most(0), 1 << 30);
        assert_eq!(most(1 << 20), 1 << 30);
        assert_eq!(most(10 << 20), 10_000 << 20);
        assert_eq!(most(1 << 30), 64 << 30);
        assert_eq!(most(u64::MAX), 64 << 30);
    }

    #[test]
    fn contents_count_with_their_headers_and_their_padding() {
        let mut meter = Meter::new(0);
        meter.take(FREE - 4 * 512).unwrap();
        meter.take(1).unwrap();
        assert!(meter.take(1).is_err());
        meter.take(0).unwrap();
        assert!(meter.take(0).unwrap_err().contains("1073741824 bytes"));
        for size in [u64::MAX, u64::MAX - 511, FREE] {
            assert!(Meter::new(0).take(size).is_err());
        }
    }
}
