//! Statements: declarations, `return` and `if`. There is nothing else to accept where nothing can be changed.

use std::collections::{BTreeSet, HashSet};

use oxc_ast::ast::{
    BindingPatternKind, Declaration, IdentifierReference, Statement, VariableDeclaration,
    VariableDeclarationKind,
};
use oxc_semantic::Scoping;
use oxc_span::{GetSpan, Span};
use oxc_syntax::symbol::{SymbolFlags, SymbolId};

use super::exchange::{Exports, Import};
use super::impurity::{Checked, Refusal};
use super::variables::Use;

/// One look at a module, and what it has found so far.
pub(super) struct Check<'s> {
    scoping: &'s Scoping,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Exports,
    pub(super) variables: BTreeSet<String>,
    /// What `import * as name` binds.
    pub(super) namespaces: HashSet<SymbolId>,
    /// Constants that hold a variable's value.
    pub(super) holding: HashSet<SymbolId>,
    /// Bindings whose value may go anywhere, and where.
    pub(super) value_uses: Vec<(SymbolId, Span)>,
}

impl<'s> Check<'s> {
    pub(super) fn new(scoping: &'s Scoping) -> Self {
        Self {
            scoping,
            imports: Vec::new(),
            exports: Exports::default(),
            variables: BTreeSet::new(),
            namespaces: HashSet::new(),
            holding: HashSet::new(),
            value_uses: Vec::new(),
        }
    }

    /// The binding of the module that a name stands for as a value. `None`: it is free. What is only a type, or only
    /// declared to be somewhere, leaves no binding behind when the types are dropped.
    pub(super) fn symbol_of(&self, name: &IdentifierReference<'_>) -> Option<SymbolId> {
        let reference = name.reference_id.get()?;
        let symbol = self.scoping.get_reference(reference).symbol_id()?;
        let flags = self.scoping.symbol_flags(symbol);
        let binds = SymbolFlags::Variable | SymbolFlags::Function | SymbolFlags::Import;
        let only_says = SymbolFlags::Ambient | SymbolFlags::TypeImport;
        (flags.intersects(binds) && !flags.intersects(only_says)).then_some(symbol)
    }

    /// A statement of the module itself.
    pub(super) fn top_level(&mut self, statement: &Statement<'_>) -> Checked {
        match statement {
            Statement::ImportDeclaration(import) => self.import(import),
            Statement::ExportNamedDeclaration(export) => self.export_named(export),
            Statement::ExportAllDeclaration(export) => self.export_all(export),
            Statement::ExportDefaultDeclaration(export) => self.export_default(export),
            other => self.statement(other),
        }
    }

    /// A statement anywhere.
    pub(super) fn statement(&mut self, statement: &Statement<'_>) -> Checked {
        match statement {
            Statement::EmptyStatement(_) => Ok(()),
            Statement::BlockStatement(block) => {
                block.body.iter().try_for_each(|one| self.statement(one))
            }
            Statement::ReturnStatement(statement) => {
                statement.argument.iter().try_for_each(|value| self.expression(value, Use::Value))
            }
            Statement::IfStatement(statement) => {
                self.expression(&statement.test, Use::Test)?;
                self.statement(&statement.consequent)?;
                statement.alternate.iter().try_for_each(|alternate| self.statement(alternate))
            }
            other => {
                let what = "a statement other than declarations, `return` and `if`";
                let declaration = other.as_declaration();
                self.declaration(declaration.ok_or_else(|| Refusal::new(other.span(), what))?)
            }
        }
    }

    pub(super) fn declaration(&mut self, declaration: &Declaration<'_>) -> Checked {
        match declaration {
            Declaration::VariableDeclaration(variables) => self.variable_declaration(variables),
            Declaration::FunctionDeclaration(function) => self.function(function),
            Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_) => {
                Ok(())
            }
            other => Err(Refusal::new(
                other.span(),
                "a declaration other than of variables, functions and types",
            )),
        }
    }

    fn variable_declaration(&mut self, variables: &VariableDeclaration<'_>) -> Checked {
        use VariableDeclarationKind::{Const, Let};
        if variables.declare || !matches!(variables.kind, Const | Let) {
            return Err(Refusal::new(
                variables.span,
                "a declaration other than with `const` and `let`",
            ));
        }
        for one in &variables.declarations {
            match (&one.id.kind, &one.init) {
                (BindingPatternKind::ObjectPattern(pattern), Some(init))
                    if self.is_environment(init) =>
                {
                    self.variables_of(pattern)?;
                }
                (BindingPatternKind::BindingIdentifier(id), Some(init)) => {
                    let at = id.symbol_id.get().map_or(Use::Value, Use::Constant);
                    self.expression(init, at)?;
                }
                (_, init) => {
                    self.pattern(&one.id)?;
                    init.iter().try_for_each(|init| self.expression(init, Use::Value))?;
                }
            }
        }
        Ok(())
    }
}
