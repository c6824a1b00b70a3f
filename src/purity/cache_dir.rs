//! `cacheDir` of `vx.workspace.*`, read off the text where it stands there as a literal.
//!
//! What earlier runs learnt of configs lies in the cache, so where that is must be known before any config is
//! evaluated. Only a first idea: what evaluating gives counts, and whoever uses this compares the two.

use std::collections::HashMap;

use oxc_ast::ast::{
    Argument, BindingPatternKind, Declaration, ExportDefaultDeclarationKind, Expression,
    ObjectExpression, ObjectPropertyKind, Program, PropertyKind, Statement, VariableDeclaration,
};

use super::module::{Syntax, with_program};

/// What the text says of `cacheDir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralCacheDir {
    /// It is this text, or not set.
    Known(Option<String>),
    /// One has to evaluate the config to know.
    Unknown,
}

/// Reads `cacheDir` of a workspace config's text. Needs a deep stack: call it within [`super::with_deep_stack`].
#[must_use]
pub fn literal_cache_dir(text: &str, syntax: Syntax) -> LiteralCacheDir {
    let found = with_program(text, syntax, |program, _| default_export(program).map(cache_dir_of));
    found.ok().flatten().unwrap_or(LiteralCacheDir::Unknown)
}

/// The default export where it is an object literal: as it stands, within `defineWorkspace(…)`, or as a constant.
fn default_export<'p, 'a>(program: &'p Program<'a>) -> Option<&'p ObjectExpression<'a>> {
    let exported = program.body.iter().find_map(|statement| match statement {
        Statement::ExportDefaultDeclaration(export) => match &export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_)
            | ExportDefaultDeclarationKind::ClassDeclaration(_)
            | ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => None,
            declaration => declaration.as_expression(),
        },
        _ => None,
    })?;
    let exported = unwrapped(exported);
    let Expression::Identifier(name) = exported else { return as_object(exported) };
    constants(program).get(name.name.as_str()).and_then(|value| as_object(unwrapped(value)))
}

/// The constants of the module itself.
fn constants<'p, 'a>(program: &'p Program<'a>) -> HashMap<&'p str, &'p Expression<'a>> {
    let declared = |statement: &'p Statement<'a>| -> Option<&'p VariableDeclaration<'a>> {
        match statement {
            Statement::VariableDeclaration(declaration) => Some(declaration),
            Statement::ExportNamedDeclaration(export) => match &export.declaration {
                Some(Declaration::VariableDeclaration(declaration)) => Some(declaration),
                _ => None,
            },
            _ => None,
        }
    };
    let declarators = program.body.iter().filter_map(declared).flat_map(|one| &one.declarations);
    declarators
        .filter_map(|one| match (&one.id.kind, &one.init) {
            (BindingPatternKind::BindingIdentifier(id), Some(init)) if one.kind.is_const() => {
                Some((id.name.as_str(), init))
            }
            _ => None,
        })
        .collect()
}

/// Without types and without `defineWorkspace`.
fn unwrapped<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    match expression {
        Expression::TSAsExpression(inner) => unwrapped(&inner.expression),
        Expression::TSSatisfiesExpression(inner) => unwrapped(&inner.expression),
        Expression::TSNonNullExpression(inner) => unwrapped(&inner.expression),
        Expression::CallExpression(call) => match (&call.callee, call.arguments.as_slice()) {
            (Expression::Identifier(callee), [argument]) if callee.name == "defineWorkspace" => {
                Argument::as_expression(argument).map_or(expression, unwrapped)
            }
            _ => expression,
        },
        other => other,
    }
}

fn as_object<'e, 'a>(expression: &'e Expression<'a>) -> Option<&'e ObjectExpression<'a>> {
    match expression {
        Expression::ObjectExpression(object) => Some(object),
        _ => None,
    }
}

fn cache_dir_of(object: &ObjectExpression<'_>) -> LiteralCacheDir {
    let mut found = None;
    for property in &object.properties {
        // A spread or a computed key may be anything.
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            return LiteralCacheDir::Unknown;
        };
        let name = if property.computed { None } else { property.key.static_name() };
        match (name.as_deref(), unwrapped(&property.value)) {
            (Some("cacheDir"), Expression::StringLiteral(dir))
                if property.kind == PropertyKind::Init =>
            {
                found = Some(dir.value.to_string());
            }
            (None | Some("__proto__" | "cacheDir"), _) => return LiteralCacheDir::Unknown,
            (Some(_), _) => {}
        }
    }
    LiteralCacheDir::Known(found)
}
