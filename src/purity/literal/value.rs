//! A value of JavaScript that is data.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// How deep values may be nested: deeper ones are refused when configs are evaluated (`lib/plain-json.js`).
const MAX_DEPTH: usize = 100;

/// What a module gave a name to. Whose keys come first does not matter: nobody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `undefined`: in an object it is as if it were not there, but for what it replaces.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, as JavaScript writes it.
    Number(String),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// A plain object.
    Object(BTreeMap<String, Self>),
}

impl Literal {
    /// The value as JSON. `None`: it is none, and evaluating it ends in an error that says why.
    #[must_use]
    pub fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Undefined => return None,
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Bool(*value),
            // As it is read from what the runtime answers, to the last digit.
            Self::Number(text) => serde_json::from_str(text).ok()?,
            Self::Text(text) => Value::String(text.clone()),
            Self::List(all) => Value::Array(all.iter().map(Self::to_json).collect::<Option<_>>()?),
            Self::Object(all) => {
                let set = all.iter().filter(|(_, value)| **value != Self::Undefined);
                let pairs = set.map(|(key, value)| Some((key.clone(), value.to_json()?)));
                Value::Object(pairs.collect::<Option<Map<_, _>>>()?)
            }
        })
    }

    /// What stands in a template for the value, where that is plain.
    pub(super) fn in_template(&self) -> Option<&str> {
        match self {
            Self::Null => Some("null"),
            Self::Boolean(true) => Some("true"),
            Self::Boolean(false) => Some("false"),
            Self::Number(text) | Self::Text(text) => Some(text),
            Self::Undefined | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Whether the value is nested no deeper than a config may be.
    pub(super) fn is_shallow(&self) -> bool {
        self.is_within(MAX_DEPTH)
    }

    fn is_within(&self, depth: usize) -> bool {
        let below = |value: &Self| depth > 0 && value.is_within(depth - 1);
        match self {
            Self::List(all) => depth > 0 && all.iter().all(below),
            Self::Object(all) => depth > 0 && all.values().all(below),
            _ => true,
        }
    }

    /// About how much room the value takes.
    pub(super) fn weight(&self) -> usize {
        1 + match self {
            Self::Undefined | Self::Null | Self::Boolean(_) => 0,
            Self::Number(text) | Self::Text(text) => text.len(),
            Self::List(all) => all.iter().map(Self::weight).sum(),
            Self::Object(all) => all.iter().map(|(key, value)| key.len() + value.weight()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(pairs: &[(&str, Literal)]) -> Literal {
        Literal::Object(pairs.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    }

    #[test]
    fn json_has_no_undefined() {
        let one = Literal::Number("1".into());
        let value = object(&[("a", Literal::Undefined), ("b", one.clone())]);
        assert_eq!(value.to_json(), Some(json!({ "b": 1 })));
        assert_eq!(Literal::Undefined.to_json(), None);
        assert_eq!(Literal::List(vec![one, Literal::Undefined]).to_json(), None);
        assert_eq!(Literal::Number("1e+21".into()).to_json(), serde_json::from_str("1e+21").ok());
    }

    #[test]
    fn depth_ends_where_evaluation_refuses() {
        let nested = |depth: usize| {
            (0..depth).fold(Literal::Null, |inner, at| match at % 2 {
                0 => Literal::List(vec![inner]),
                _ => object(&[("a", inner)]),
            })
        };
        assert!(nested(MAX_DEPTH).is_shallow());
        assert!(!nested(MAX_DEPTH + 1).is_shallow());
        assert_eq!(nested(3).weight(), 5);
    }
}
