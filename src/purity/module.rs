//! One module, from its text to what is known of it.

use std::collections::BTreeSet;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::SourceType;

use super::exchange::{Import, OWN};
use super::impurity::Impurity;
use super::literal::{LiteralModule, read_literals};
use super::statements::Check;

/// The longest text that is looked at, in bytes: what is nested as deep as it can be fits on the stack then.
const LONGEST: usize = 64 << 10;

/// How many brackets may be open at once: some of what nests takes the parser time by the square of its depth.
const DEEPEST: usize = 256;

/// The language of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JavaScript.
    JavaScript,
    /// TypeScript.
    TypeScript,
}

impl Syntax {
    /// By the extension of a file's name: `ts` and `mts`, or anything else.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let is_typescript = name.rsplit('.').next().is_some_and(|end| matches!(end, "ts" | "mts"));
        if is_typescript { Self::TypeScript } else { Self::JavaScript }
    }

    const fn source_type(self) -> SourceType {
        match self {
            Self::JavaScript => SourceType::mjs(),
            Self::TypeScript => SourceType::ts(),
        }
    }
}

/// An accepted module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// What it imports, in order.
    pub imports: Vec<Import>,
    /// What it exports by name, `default` among it.
    pub exports: BTreeSet<String>,
    /// Those of [`Self::imports`] all of whose exports it exports too, except `default`.
    pub stars: Vec<usize>,
    /// The environment variables that it reads.
    pub variables: BTreeSet<String>,
    /// The same module where it is plain data.
    pub literals: Option<LiteralModule>,
}

/// Looks at a module's text. Needs a deep stack: call it within [`super::with_deep_stack`].
///
/// # Errors
/// The first [`Impurity`], a syntax error included.
pub fn read_module(text: &str, syntax: Syntax) -> Result<Module, Impurity> {
    with_program(text, syntax, |program, scoping| {
        let mut check = Check::new(scoping);
        let checked = program
            .body
            .iter()
            .try_for_each(|statement| check.top_level(statement))
            .and_then(|()| check.held_variables_stay());
        checked.map_err(|refusal| refusal.in_text(text))?;
        let Check { imports, exports, variables, .. } = check;
        let literals = read_literals(program, text, OWN.0);
        Ok(Module { imports, exports: exports.names, stars: exports.stars, variables, literals })
    })?
}

/// Parses a text and resolves its names.
pub(super) fn with_program<T>(
    text: &str,
    syntax: Syntax,
    look: impl FnOnce(&Program<'_>, &Scoping) -> T,
) -> Result<T, Impurity> {
    if text.len() > LONGEST {
        return Err(Impurity::of_module(format!("more than {} KiB of text", LONGEST >> 10)));
    }
    if open_brackets(text) > DEEPEST {
        return Err(Impurity::of_module(format!("more than {DEEPEST} brackets within each other")));
    }
    let allocator = Allocator::default();
    let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, text, syntax.source_type()).with_options(options).parse();
    if parsed.panicked || !parsed.errors.is_empty() {
        return Err(Impurity::of_module("a text that does not parse"));
    }
    let resolved = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    if !resolved.errors.is_empty() {
        return Err(Impurity::of_module("a text that does not parse"));
    }
    Ok(look(&parsed.program, resolved.semantic.scoping()))
}

/// How many brackets are open at once at most, those in comments and texts counted like all others.
fn open_brackets(text: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}
