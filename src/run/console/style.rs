//! Colours, where the stream and the user want them.

use crate::run::environment::{Variables, value};

/// The few colours that are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Failures.
    Red,
    /// Hits and success.
    Green,
    /// Warnings and misses.
    Yellow,
    /// Task names.
    Cyan,
    /// What matters less.
    Dim,
    /// What matters more.
    Bold,
}

/// Whether to colour what goes to one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    coloured: bool,
}

impl Style {
    /// `FORCE_COLOR` decides where it is set (`0` is off), then `NO_COLOR`, then whether it is a terminal.
    #[must_use]
    pub fn detect(host: &Variables, is_terminal: bool) -> Self {
        let set = |name| value(host, name).filter(|value| !value.is_empty());
        let by_terminal = || {
            is_terminal
                && set("NO_COLOR").is_none()
                && set("TERM").is_none_or(|term| term != "dumb")
        };
        let coloured = set("FORCE_COLOR").map_or_else(by_terminal, |force| force != "0");
        Self { coloured }
    }

    /// The text in a colour, or as it is.
    #[must_use]
    pub fn paint(self, colour: Colour, text: &str) -> String {
        if !self.coloured {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Bold => 1,
            Colour::Dim => 2,
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_decides_before_the_terminal() {
        let host = |pairs: &[(&str, &str)]| -> Variables {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        assert_eq!(Style::detect(&host(&[]), true).paint(Colour::Red, "x"), "\x1b[31mx\x1b[0m");
        assert_eq!(Style::detect(&host(&[]), false).paint(Colour::Red, "x"), "x");
        assert_eq!(Style::detect(&host(&[("NO_COLOR", "1")]), true), Style::default());
        assert_eq!(Style::detect(&host(&[("FORCE_COLOR", "0")]), true), Style::default());
        assert!(Style::detect(&host(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]), false).coloured);
        assert_eq!(Style::detect(&host(&[("TERM", "dumb")]), true), Style::default());
    }
}
