//! The environment: which variables a module reads, and what it may do with their values.
//!
//! A variable is read as `process.env.NAME`, `process.env['NAME']` or `const { NAME } = process.env`; `process` in any
//! other shape is refused. Since a config's value is kept on disk and a variable may be a secret, a module may only
//! ask questions about it (compare it, or test whether it is set), so that no more than the answers can become part of
//! the value. A variable may be given to a constant of the module, of which the same holds.

use oxc_ast::ast::{
    BindingPatternKind, Expression, IdentifierReference, ObjectPattern, PropertyKey,
};
use oxc_span::Span;
use oxc_syntax::symbol::SymbolId;

use super::impurity::{Checked, Refusal};
use super::names::{PUBLIC, is_variable};
use super::statements::Check;

/// What becomes of an expression's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Anything.
    Value,
    /// Only the answer to a question about it.
    Test,
    /// It is the value of this constant.
    Constant(SymbolId),
}

impl Check<'_> {
    /// Notes a variable that is read.
    pub(super) fn variable(&mut self, name: &str, at: Use, span: Span) -> Checked {
        if !is_variable(name) {
            return Err(Refusal::new(span, format!("the variable {name:?}, not in upper case")));
        }
        self.variables.insert(name.to_owned());
        if PUBLIC.contains(&name) {
            return Ok(());
        }
        match at {
            Use::Test => Ok(()),
            Use::Constant(symbol) => {
                self.holding.insert(symbol);
                Ok(())
            }
            Use::Value => Err(Refusal::new(
                span,
                format!("`process.env.{name}` for more than a comparison or a test"),
            )),
        }
    }

    /// Notes that a binding's value may go anywhere.
    pub(super) fn use_value(&mut self, symbol: Option<SymbolId>, span: Span) {
        self.value_uses.extend(symbol.map(|symbol| (symbol, span)));
    }

    /// Whether no constant that holds a variable is used for more than a question.
    pub(super) fn held_variables_stay(&self) -> Checked {
        let gone = self.value_uses.iter().find(|(symbol, _)| self.holding.contains(symbol));
        gone.map_or(Ok(()), |(_, span)| {
            Err(Refusal::new(*span, "an environment variable for more than a comparison or a test"))
        })
    }

    /// `const { NAME, OTHER: other = '' } = process.env`.
    pub(super) fn variables_of(&mut self, pattern: &ObjectPattern<'_>) -> Checked {
        if let Some(rest) = &pattern.rest {
            return Err(Refusal::new(rest.span, "all of `process.env`"));
        }
        for property in &pattern.properties {
            let (PropertyKey::StaticIdentifier(key), false) = (&property.key, property.computed)
            else {
                return Err(Refusal::new(property.span, "a variable without a plain name"));
            };
            let target = match &property.value.kind {
                BindingPatternKind::AssignmentPattern(with_default) => {
                    self.expression(&with_default.right, Use::Value)?;
                    &with_default.left.kind
                }
                target => target,
            };
            let symbol = match target {
                BindingPatternKind::BindingIdentifier(id) => id.symbol_id.get(),
                _ => None,
            };
            let Some(symbol) = symbol else {
                return Err(Refusal::new(property.span, "a variable that is taken apart"));
            };
            self.variable(key.name.as_str(), Use::Constant(symbol), property.span)?;
        }
        Ok(())
    }

    /// Whether this is `process.env`, of the runtime's `process`.
    pub(super) fn is_environment(&self, expression: &Expression<'_>) -> bool {
        let Expression::StaticMemberExpression(member) = expression else { return false };
        let Expression::Identifier(object) = &member.object else { return false };
        member.property.name == "env"
            && !member.optional
            && object.name == "process"
            && self.is_free(object)
    }

    /// Whether a name is bound nowhere in the module, so that it is the runtime's.
    pub(super) fn is_free(&self, name: &IdentifierReference<'_>) -> bool {
        self.symbol_of(name).is_none()
    }
}
