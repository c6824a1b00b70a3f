//! Durations (`30d`, `12h`, `90m`, `45s`, `500ms`) and sizes (`20GiB`, `500MB`, plain bytes), as config
//! and command line write them. Whole numbers only, so that nothing is rounded.

use std::time::Duration;

use crate::error::Coded;

/// Why a text is no duration or no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a duration.
    #[error(
        "{0:?} is not a duration; write a whole number and a unit: 30d, 12h, 90m, 45s or 500ms"
    )]
    Duration(String),
    /// Not a size.
    #[error(
        "{0:?} is not a size; write a whole number and a unit: 20GiB, 500MB, 64KiB, or plain bytes"
    )]
    Size(String),
}

impl Coded for UnitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Duration(_) => "VX_DURATION_INVALID",
            Self::Size(_) => "VX_SIZE_INVALID",
        }
    }
}

/// Reads `30d`, `12h`, `90m`, `45s`, `500ms`.
///
/// # Errors
/// [`UnitError::Duration`].
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let read = || {
        let (number, unit) = split(text)?;
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => DAY,
            _ => return None,
        };
        number.checked_mul(millis).map(Duration::from_millis)
    };
    read().ok_or_else(|| UnitError::Duration(text.to_owned()))
}

/// Reads `20GiB`, `500MB`, `1024`, in any case: `KB` is 1,000 bytes, `KiB` is 1,024.
///
/// # Errors
/// [`UnitError::Size`].
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let read = || {
        let (number, unit) = split(text)?;
        let bytes: u64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1000,
            "mb" => 1000_u64.pow(2),
            "gb" => 1000_u64.pow(3),
            "tb" => 1000_u64.pow(4),
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return None,
        };
        number.checked_mul(bytes)
    };
    read().ok_or_else(|| UnitError::Size(text.to_owned()))
}

/// The leading digits and what follows them; one space may stand between.
fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    Some((digits.parse().ok()?, unit.strip_prefix(' ').unwrap_or(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("30d", 2_592_000),
            ("12h", 43_200),
            ("90m", 5400),
            ("45s", 45),
            (" 2 h ", 7200),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        assert_eq!(parse_duration("500ms").unwrap(), Duration::from_millis(500));
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("20GiB", 21_474_836_480),
            ("500MB", 500_000_000),
            ("10GB", 10_000_000_000),
            ("1024", 1024),
            ("64 kib", 65_536),
            ("0", 0),
        ] {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn all_else_is_refused() {
        for text in
            ["", "d", "30", "-1d", "1.5h", "30 days", "1d2h", "99999999999999999999d", "9e9d"]
        {
            assert_eq!(parse_duration(text), Err(UnitError::Duration(text.to_owned())));
        }
        for text in ["", "GB", "-1", "1.5GB", "20GiBs", "18446744073709551616", "99999999999TiB"] {
            assert_eq!(parse_size(text), Err(UnitError::Size(text.to_owned())));
        }
    }
}
