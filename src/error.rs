//! What every error of the engine shares: a stable `VX_…` code beside a message for the person reading.
//!
//! Each concept has an enum of its own in its own module; [`Error`] only gathers them, so that the
//! boundaries (command line, JavaScript) can carry any of them without knowing which.

/// An error with a stable, documented code.
pub trait Coded: std::error::Error + Send + Sync + 'static {
    /// The `VX_…` code that reaches JavaScript as `error.code` and never changes its meaning.
    fn code(&self) -> &'static str;
}

/// Any error of the engine.
#[derive(Debug)]
pub struct Error(Box<dyn Coded>);

impl Error {
    /// The stable `VX_…` code of the error inside.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl<E: Coded> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// The result of anything that can fail in more than one concept.
pub type Result<T, E = Error> = std::result::Result<T, E>;
