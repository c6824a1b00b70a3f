//! Why a module is not accepted, and where.

use std::fmt;

use oxc_span::Span;

/// The first thing in a module that is not known to be harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impurity {
    /// What it is, such as "the free name `Date`".
    pub what: String,
    /// The line, from 1; 0 where it is the module as a whole.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Impurity {
    /// Something that has no place in the text.
    #[must_use]
    pub fn of_module(what: impl Into<String>) -> Self {
        Self { what: what.into(), line: 0, column: 0 }
    }
}

impl fmt::Display for Impurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.what),
            line => write!(f, "{line}:{}: {}", self.column, self.what),
        }
    }
}

/// The same while the text is being looked at: a place is still an offset.
#[derive(Debug)]
pub(super) struct Refusal {
    what: String,
    at: u32,
}

impl Refusal {
    pub(super) fn new(span: Span, what: impl Into<String>) -> Self {
        Self { what: what.into(), at: span.start }
    }

    pub(super) fn in_text(self, text: &str) -> Impurity {
        let before = text.get(..self.at as usize).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Impurity {
            what: self.what,
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// The refusal of anything that is on no list.
pub(super) fn unknown(span: Span) -> Refusal {
    Refusal::new(span, "syntax that is not known to be harmless")
}

/// What a list knows, or a refusal.
pub(super) fn known<T>(node: Option<T>, span: Span) -> Result<T, Refusal> {
    node.ok_or_else(|| unknown(span))
}

/// Nothing, or what was found.
pub(super) type Checked = Result<(), Refusal>;
