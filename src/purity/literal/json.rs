//! A JSON file as a value.

use serde_json::Value;

use super::value::Literal;

/// The longest text that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// Names of properties that make some runtimes take a JSON file for something else.
const ODD: [&str; 2] = ["__esModule", "default"];

/// The default export of a JSON file. `None`: a runtime has to say what it is.
#[must_use]
pub fn literal_json(text: &str) -> Option<Literal> {
    if text.len() > LONGEST {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let plain = match &value {
        Value::Object(all) => !ODD.iter().any(|name| all.contains_key(*name)),
        other => other.is_array(),
    };
    plain.then(|| literal(value))?.filter(Literal::is_shallow)
}

fn literal(value: Value) -> Option<Literal> {
    Some(match value {
        Value::Null => Literal::Null,
        Value::Bool(value) => Literal::Boolean(value),
        // What is no integer may be read as another number here than by a runtime.
        Value::Number(number) => {
            let number = number.as_i64().filter(|number| number.unsigned_abs() < 1 << 53)?;
            Literal::Number(number.to_string())
        }
        Value::String(text) => Literal::Text(text),
        Value::Array(all) => Literal::List(all.into_iter().map(literal).collect::<Option<_>>()?),
        Value::Object(all) => {
            let pairs = all.into_iter().map(|(key, value)| {
                (key != "__proto__").then(|| Some((key, literal(value)?))).flatten()
            });
            Literal::Object(pairs.collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_runtime_reads_alike() {
        for text in [r#"{"a": [1, -2, "\u00e4", null, true], "b": {}}"#, "[]", r#"{"a":1,"a":2}"#] {
            let literal = literal_json(text).unwrap();
            assert_eq!(literal.to_json(), serde_json::from_str(text).ok(), "{text}");
        }
        for text in [
            "",
            "1",
            "null",
            "\u{feff}{}",
            "{} // comment",
            r#"{"default": 1}"#,
            r#"{"__esModule": true}"#,
            r#"{"a": {"__proto__": 1}}"#,
            r#"["\ud800"]"#,
            "[0.1]",
            "[-0]",
            "[1e3]",
            "[9007199254740993]",
        ] {
            assert_eq!(literal_json(text), None, "{text}");
        }
        assert_eq!(literal_json(&format!("{}{}", "[".repeat(101), "]".repeat(101))), None);
        assert!(literal_json(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_some());
    }
}
