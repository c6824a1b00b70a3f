//! What a module takes from others and gives to others.
//!
//! Accepted are specifiers that every runtime resolves in one way only: relative ones with the extension written out,
//! in letters that mean the same in a path and in a URL, and this package itself. A type-only import is no import:
//! every runtime drops it.

use std::collections::BTreeSet;

use oxc_ast::ast::{
    BindingPattern, BindingPatternKind, Declaration, ExportAllDeclaration,
    ExportDefaultDeclaration, ExportDefaultDeclarationKind, ExportNamedDeclaration,
    ImportAttributeKey, ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName,
    WithClause, WithClauseKeyword,
};
use oxc_span::{GetSpan, Span};

use super::impurity::{Checked, Refusal, known};
use super::statements::Check;
use super::variables::Use;

/// The name of this package, and what it exports that does nothing.
pub(super) const OWN: (&str, [&str; 2]) = ("@vzn/vx", ["defineProject", "defineWorkspace"]);

/// One import or re-export of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// From where.
    pub specifier: Specifier,
    /// Which exports it names, `default` among them.
    pub names: Vec<String>,
}

/// Where something is imported from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Specifier {
    /// `defineProject` or `defineWorkspace` of this package, which return their argument.
    OwnPackage,
    /// A JavaScript or TypeScript module, as a relative path with `/`.
    Module(String),
    /// A JSON file, as a relative path with `/`.
    Json(String),
}

/// What a module exports by name.
#[derive(Debug, Default)]
pub(super) struct Exports {
    pub(super) names: BTreeSet<String>,
    /// The modules behind `export *`, as positions in the list of imports.
    pub(super) stars: Vec<usize>,
}

impl Check<'_> {
    pub(super) fn import(&mut self, import: &ImportDeclaration<'_>) -> Checked {
        if import.import_kind.is_type() {
            return Ok(());
        }
        if import.phase.is_some() {
            return Err(Refusal::new(import.span, "an import with a phase"));
        }
        let specifier =
            specifier_of(import.source.value.as_str(), import.with_clause.as_deref(), import.span)?;
        let mut names = Vec::new();
        for one in import.specifiers.iter().flatten() {
            match one {
                // Of an import of types only, some runtimes leave an import of nothing.
                ImportDeclarationSpecifier::ImportSpecifier(one) if one.import_kind.is_type() => {}
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    names.push(plain_name(&one.imported)?);
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                    names.push("default".to_owned());
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                    if !matches!(specifier, Specifier::Module(_)) {
                        return Err(Refusal::new(one.span, "a namespace of what is no module"));
                    }
                    self.namespaces.extend(one.local.symbol_id.get());
                }
            }
        }
        self.take(Import { specifier, names }, import.span)
    }

    pub(super) fn export_named(&mut self, export: &ExportNamedDeclaration<'_>) -> Checked {
        if export.export_kind.is_type() {
            return Ok(());
        }
        if let Some(declaration) = &export.declaration {
            self.declaration(declaration)?;
            return self.export_declared(declaration);
        }
        let with_clause = export.with_clause.as_deref();
        let mut names = Vec::new();
        for one in export.specifiers.iter().filter(|one| !one.export_kind.is_type()) {
            if export.source.is_some() {
                names.push(plain_name(&one.local)?);
            } else if let ModuleExportName::IdentifierReference(local) = &one.local {
                self.reference(local, Use::Value)?;
            } else {
                return Err(Refusal::new(one.span, "an export of what has no plain name"));
            }
            self.exports.names.insert(plain_name(&one.exported)?);
        }
        let Some(source) = &export.source else { return Ok(()) };
        let specifier = specifier_of(source.value.as_str(), with_clause, export.span)?;
        if specifier == Specifier::OwnPackage {
            return Err(Refusal::new(export.span, "this package's functions, exported again"));
        }
        self.take(Import { specifier, names }, export.span)
    }

    pub(super) fn export_all(&mut self, export: &ExportAllDeclaration<'_>) -> Checked {
        if export.export_kind.is_type() {
            return Ok(());
        }
        let with_clause = export.with_clause.as_deref();
        let specifier =
            specifier_of(export.source.value.as_str(), with_clause, export.source.span)?;
        if !matches!(specifier, Specifier::Module(_)) {
            return Err(Refusal::new(export.span, "all exports of what is no module"));
        }
        match &export.exported {
            Some(name) => drop(self.exports.names.insert(plain_name(name)?)),
            None => self.exports.stars.push(self.imports.len()),
        }
        self.take(Import { specifier, names: Vec::new() }, export.span)
    }

    pub(super) fn export_default(&mut self, export: &ExportDefaultDeclaration<'_>) -> Checked {
        self.exports.names.insert("default".to_owned());
        match &export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => self.function(function),
            ExportDefaultDeclarationKind::ClassDeclaration(_)
            | ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => {
                Err(Refusal::new(export.span, "a class or a type as the default export"))
            }
            other => {
                let value = known(other.as_expression(), export.span)?;
                self.expression(value, Use::Value)
            }
        }
    }

    fn export_declared(&mut self, declaration: &Declaration<'_>) -> Checked {
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for one in &variables.declarations {
                    self.export_pattern(&one.id)?;
                }
            }
            Declaration::FunctionDeclaration(function) => {
                let name = function.id.as_ref().map(|id| id.name.to_string());
                self.exports.names.extend(name);
            }
            // Whatever else was accepted is a type.
            _ => {}
        }
        Ok(())
    }

    /// An exported binding is used by whoever imports it.
    fn export_pattern(&mut self, pattern: &BindingPattern<'_>) -> Checked {
        match &pattern.kind {
            BindingPatternKind::BindingIdentifier(id) => {
                self.exports.names.insert(id.name.to_string());
                self.use_value(id.symbol_id.get(), id.span);
                Ok(())
            }
            _ => Err(Refusal::new(pattern.span(), "an export that is taken apart")),
        }
    }

    fn take(&mut self, import: Import, span: Span) -> Checked {
        if import.specifier == Specifier::OwnPackage
            && let Some(other) = import.names.iter().find(|name| !OWN.1.contains(&name.as_str()))
        {
            return Err(Refusal::new(span, format!("`{other}` of {:?}", OWN.0)));
        }
        self.imports.push(import);
        Ok(())
    }
}

/// Where a specifier leads.
fn specifier_of(
    specifier: &str,
    with_clause: Option<&WithClause<'_>>,
    span: Span,
) -> Result<Specifier, Refusal> {
    let refused = || Refusal::new(span, format!("an import of {specifier:?}"));
    let is_json = match with_clause.map(|with| (with.keyword, with.with_entries.as_slice())) {
        None => false,
        Some((WithClauseKeyword::With, [one])) => {
            let key = match &one.key {
                ImportAttributeKey::Identifier(name) => name.name.as_str(),
                ImportAttributeKey::StringLiteral(name) => name.value.as_str(),
            };
            if (key, one.value.value.as_str()) != ("type", "json") {
                return Err(refused());
            }
            true
        }
        Some(_) => return Err(refused()),
    };
    if specifier == OWN.0 && !is_json {
        return Ok(Specifier::OwnPackage);
    }
    if !is_plain_relative(specifier) {
        return Err(refused());
    }
    let name = specifier.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').ok_or_else(refused)?;
    match extension {
        "json" if is_json => Ok(Specifier::Json(specifier.to_owned())),
        // A file of declarations is a module to some runtimes and nothing to others.
        "ts" | "mts" | "js" | "mjs"
            if !is_json && !stem.is_empty() && stem.strip_suffix(".d").is_none() =>
        {
            Ok(Specifier::Module(specifier.to_owned()))
        }
        _ => Err(refused()),
    }
}

/// `./a/b.ts` or `../../a/b.ts`: means the same as a path and as a URL, and has one spelling.
fn is_plain_relative(specifier: &str) -> bool {
    let below = specifier.strip_prefix("./").or_else(|| {
        let below = specifier.trim_start_matches("../");
        (below.len() < specifier.len()).then_some(below)
    });
    let plain = |segment: &str| {
        !matches!(segment, "" | "." | ".." | "node_modules")
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+@".contains(&byte))
    };
    below.is_some_and(|below| below.split('/').all(plain))
}

/// A name of an export, where it is an identifier.
fn plain_name(name: &ModuleExportName<'_>) -> Result<String, Refusal> {
    match name {
        ModuleExportName::IdentifierName(name) => Ok(name.name.to_string()),
        ModuleExportName::IdentifierReference(name) => Ok(name.name.to_string()),
        ModuleExportName::StringLiteral(name) => {
            Err(Refusal::new(name.span, "an export whose name is a text"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_with_one_meaning_are_plain() {
        for plain in ["./a.ts", "../a.ts", "../../a/b-c/d.e.ts", "./@scope/x.mjs"] {
            assert!(is_plain_relative(plain), "{plain}");
        }
        for odd in [
            "a.ts",
            "/a.ts",
            "./",
            "../",
            "..",
            ".",
            "./a//b.ts",
            "./../a.ts",
            "../a/../b.ts",
            "./a/./b.ts",
            "./a%20b.ts",
            "./a b.ts",
            "./a.ts?x",
            "./a.ts#x",
            ".\\a.ts",
            "./ä.ts",
            "./node_modules/a.ts",
            "file:///a.ts",
            "#a",
            "~/a.ts",
            "",
        ] {
            assert!(!is_plain_relative(odd), "{odd}");
        }
    }
}
