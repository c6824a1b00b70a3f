//! Evaluated config files: what the JavaScript side answers when it is asked for their values.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::error::Problem;
use super::memo::Runtime;
use crate::error::Coded;

/// The JavaScript side did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the config files could not be evaluated: {0}")]
pub struct Unanswered(pub String);

impl Coded for Unanswered {
    fn code(&self) -> &'static str {
        "VX_CONFIG_EVALUATION"
    }
}

/// The answer for one file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evaluated {
    /// The default export.
    Value(Value),
    /// Why there is none.
    Error {
        /// What was thrown, or what is wrong.
        message: String,
        /// Where in the value; empty for the whole, absent when there is none.
        path: Option<String>,
    },
}

impl Evaluated {
    /// Reads the answer to a question for so many paths: a JSON array in their order.
    ///
    /// # Errors
    /// [`Unanswered`] when it is anything else.
    pub fn parse_all(json: &str, paths: &[PathBuf]) -> Result<Vec<Self>, Unanswered> {
        let answers: Vec<Self> =
            serde_json::from_str(json).map_err(|error| Unanswered(error.to_string()))?;
        if answers.len() == paths.len() {
            return Ok(answers);
        }
        Err(Unanswered(format!("{} answers for {} files", answers.len(), paths.len())))
    }

    /// The value of `file`, or why it has none.
    ///
    /// # Errors
    /// One [`Problem`] of the file.
    pub fn into_value(self, file: &Path) -> Result<Value, Problem> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Error { message, path } => {
                Err(Problem { file: file.to_owned(), path, what: message, fix: None })
            }
        }
    }
}

/// Evaluates config files in the runtime that runs `vx`.
pub trait Evaluator: Send + Sync {
    /// One answer a path, in order.
    ///
    /// # Errors
    /// [`Unanswered`].
    fn evaluate(&self, paths: &[PathBuf]) -> Result<Vec<Evaluated>, Unanswered>;

    /// The runtime, where that is known: only then values may be kept and used again.
    fn runtime(&self) -> Option<&Runtime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_counted() {
        let paths = [PathBuf::from("a"), PathBuf::from("b")];
        let json = r#"[{"value":{"tasks":{}}},{"error":{"message":"boom"}}]"#;
        let answers = Evaluated::parse_all(json, &paths).unwrap();
        assert!(
            matches!(&answers[1], Evaluated::Error { message, path: None } if message == "boom")
        );
        assert!(Evaluated::parse_all("[]", &paths).is_err());
        assert!(Evaluated::parse_all("{}", &paths).is_err());
    }
}
