//! Numbers as JavaScript writes them, in JSON as in a template.

/// The largest integer below which every integer is a number of its own.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// So many significant digits name a number without doubt.
const SURE_DIGITS: usize = 15;

/// The text of a number. `None`: not finite, or with more digits than are beyond doubt.
pub(super) fn number_text(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    if number == 0.0 {
        return Some("0".to_owned());
    }
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e')?;
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().ok()?;
    if digits.len() > SURE_DIGITS && (number.fract() != 0.0 || number.abs() > MAX_SAFE_INTEGER) {
        return None;
    }
    let sign = if number < 0.0 { "-" } else { "" };
    Some(format!("{sign}{}", placed(&digits, exponent)?))
}

/// `digits` with the point after the first of them moved by `exponent` places.
fn placed(digits: &str, exponent: i32) -> Option<String> {
    let (first, rest) = digits.split_at_checked(1)?;
    if !(-6..21).contains(&exponent) {
        let point = if rest.is_empty() { "" } else { "." };
        return Some(format!("{first}{point}{rest}e{exponent:+}"));
    }
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).ok()?;
        return Some(format!("0.{}{digits}", "0".repeat(zeros)));
    }
    let whole = usize::try_from(exponent).ok()? + 1;
    Some(match digits.split_at_checked(whole) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}", "0".repeat(whole - digits.len())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-12.0, "-12"),
            (0.1, "0.1"),
            (-1.5, "-1.5"),
            (1000.0, "1000"),
            (123.456, "123.456"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (0.000_001_5, "0.0000015"),
            (-1.25e-9, "-1.25e-9"),
            (5e-324, "5e-324"),
            (MAX_SAFE_INTEGER, "9007199254740991"),
        ] {
            assert_eq!(number_text(number).as_deref(), Some(text), "{number:e}");
        }
        for unsure in [f64::NAN, f64::INFINITY, 0.1 + 0.2, 9_007_199_254_740_992.0 * 3.0, f64::MAX]
        {
            assert_eq!(number_text(unsure), None, "{unsure:e}");
        }
    }
}
