//! PAX extended header records: what a ustar header cannot hold (POSIX.1-2017, `pax`, "Extended Header").
//!
//! A record is `<length> <keyword>=<value>\n`, its length counting itself. Only the four keywords that
//! [`super::pack()`] writes are read; any other is refused, for it could change what an entry means.

/// The most that the records of one entry may take: 1 MiB.
pub(super) const MAX_RECORDS: u64 = 1 << 20;

const NS_PER_SECOND: u64 = 1_000_000_000;

/// The records of one entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Option<String>,
    pub(super) linkpath: Option<String>,
    pub(super) size: Option<u64>,
    /// Nanoseconds since the epoch.
    pub(super) mtime_ns: Option<i64>,
}

impl Records {
    /// The records as bytes, in a fixed order; empty when there are none.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(path) = &self.path {
            push(&mut out, "path", path);
        }
        if let Some(linkpath) = &self.linkpath {
            push(&mut out, "linkpath", linkpath);
        }
        if let Some(size) = self.size {
            push(&mut out, "size", &size.to_string());
        }
        if let Some(mtime_ns) = self.mtime_ns {
            push(&mut out, "mtime", &time_text(mtime_ns));
        }
        out
    }

    /// Reads what [`Self::encode`] wrote; the error says what is wrong.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, String> {
        let mut records = Self::default();
        while !bytes.is_empty() {
            let (keyword, value, rest) = split_record(bytes).ok_or("malformed PAX records")?;
            bytes = rest;
            let first = match keyword {
                "path" => records.path.replace(value.to_owned()).is_none(),
                "linkpath" => records.linkpath.replace(value.to_owned()).is_none(),
                "size" => records.size.replace(number(value)?).is_none(),
                "mtime" => records.mtime_ns.replace(parse_time(value)?).is_none(),
                other => {
                    return Err(format!("the PAX keyword {other:?} is not part of the format"));
                }
            };
            if !first {
                return Err(format!("the PAX keyword {keyword:?} stands twice"));
            }
        }
        Ok(records)
    }
}

fn push(out: &mut Vec<u8>, keyword: &str, value: &str) {
    // The space, the equals sign and the line feed.
    let rest = keyword.len() + value.len() + 3;
    let mut digits = 1;
    while (rest + digits).to_string().len() > digits {
        digits += 1;
    }
    out.extend_from_slice(format!("{} {keyword}={value}\n", rest + digits).as_bytes());
}

/// The first record's keyword and value, and what follows it. Goes by the length alone: a value may hold
/// line feeds.
fn split_record(bytes: &[u8]) -> Option<(&str, &str, &[u8])> {
    let space = bytes.iter().take(8).position(|b| *b == b' ')?;
    let length = std::str::from_utf8(&bytes[..space]).ok()?;
    let length = usize::try_from(number(length).ok()?).ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let (keyword, value) = std::str::from_utf8(record).ok()?.split_once('=')?;
    Some((keyword, value, &bytes[length..]))
}

/// Plain decimal digits, as many as a u64 takes.
fn number(text: &str) -> Result<u64, String> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = if plain { text.parse().ok() } else { None };
    number.ok_or_else(|| format!("{text:?} in the PAX records is no number"))
}

fn time_text(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let (seconds, rest) = (ns.unsigned_abs() / NS_PER_SECOND, ns.unsigned_abs() % NS_PER_SECOND);
    if rest == 0 { format!("{sign}{seconds}") } else { format!("{sign}{seconds}.{rest:09}") }
}

fn parse_time(text: &str) -> Result<i64, String> {
    let bad = || format!("{text:?} in the PAX records is no time");
    let (negative, magnitude) =
        text.strip_prefix('-').map_or((false, text), |magnitude| (true, magnitude));
    let (seconds, fraction) = magnitude.split_once('.').unwrap_or((magnitude, "0"));
    if fraction.len() > 9 {
        return Err(bad());
    }
    let ns = number(seconds)?
        .checked_mul(NS_PER_SECOND)
        .and_then(|ns| ns.checked_add(number(&format!("{fraction:0<9}")).ok()?))
        .ok_or_else(bad)?;
    let ns = if negative { 0_i64.checked_sub_unsigned(ns) } else { i64::try_from(ns).ok() };
    ns.ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_counts_its_own_length() {
        // The examples are of the lengths around which the count of digits grows.
        for len in [0, 1, 2, 3, 4, 85, 88, 89, 90, 91, 92, 985, 986, 987, 988, 989, 990, 991] {
            let records = Records { path: Some("x".repeat(len)), ..Records::default() };
            let bytes = records.encode();
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert_eq!(text.split(' ').next().unwrap(), bytes.len().to_string());
            assert_eq!(Records::parse(&bytes).unwrap(), records);
        }
    }

    #[test]
    fn times_keep_their_nanoseconds_and_their_sign() {
        for (ns, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (-1, "-0.000000001"),
            (-1_500_000_000, "-1.500000000"),
            (1_700_000_000_123_456_789, "1700000000.123456789"),
            (i64::MAX, "9223372036.854775807"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            assert_eq!(time_text(ns), text);
            assert_eq!(parse_time(text), Ok(ns));
        }
        assert_eq!(parse_time("1.5"), Ok(1_500_000_000));
        for bad in
            ["", "-", ".5", "1.0000000001", "+1", "1e3", "9223372036.854775808", "1.-5", " 1"]
        {
            assert!(parse_time(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        for bad in [
            &b"x"[..],
            b"6 a=b",
            b"6 a=b\n",
            b"7 a=b\n",
            b"5 a=b\n",
            b"0 path=b\n",
            b"09 path=b\n10 path=b\n",
            b"9 path=b\n9 path=c\n",
            b"99999999999999999999 path=b\n",
            b"+9 path=b\n",
            b" path=b\n",
            b"7 path\n",
            b"9 size=-\n",
            b"22 GNU.sparse.major=1\n",
            b"9 path=\xff\n",
        ] {
            assert!(Records::parse(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_parsed(
            path in proptest::option::of(".{0,200}"),
            linkpath in proptest::option::of("(?s).{0,200}"),
            size: Option<u64>,
            mtime_ns: Option<i64>,
        ) {
            let records = Records { path, linkpath, size, mtime_ns };
            prop_assert_eq!(Records::parse(&records.encode()).unwrap(), records);
        }

        #[test]
        fn any_bytes_are_parsed_or_refused(bytes: Vec<u8>) {
            let _ = Records::parse(&bytes);
        }
    }
}
