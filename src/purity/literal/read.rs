//! From a syntax tree to a [`LiteralModule`], or to nothing.

use std::collections::HashSet;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BindingPatternKind, CallExpression, Declaration,
    ExportDefaultDeclarationKind, ExportNamedDeclaration, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, ModuleExportName, NumericLiteral, ObjectExpression,
    ObjectPropertyKind, Program, PropertyKey, PropertyKind, Statement, StringLiteral,
    TemplateLiteral, UnaryOperator, VariableDeclaration,
};
use oxc_span::GetSpan;
use oxc_syntax::number::NumberBase;

use super::module::{Export, Import, Item, LiteralModule, Property, Term};
use super::number::number_text;
use super::types::{is_plain, is_plain_alias, is_plain_annotation, is_plain_interface};
use super::value::Literal;
use super::words::{is_plain_name, is_plain_type};

/// Longer numbers are left to those who are used to them.
const LONGEST_NUMBER: usize = 17;

/// Reads an accepted module as data. `None`: it is more than that.
pub(in crate::purity) fn read_literals(
    program: &Program<'_>,
    text: &str,
    own_package: &str,
) -> Option<LiteralModule> {
    if program.hashbang.is_some() || !program.directives.is_empty() || !is_plain_text(text) {
        return None;
    }
    let mut read = Read {
        text,
        own_package,
        module: LiteralModule::default(),
        identities: HashSet::new(),
        declared: HashSet::new(),
    };
    // Imports count before everything else, wherever they stand.
    for statement in &program.body {
        if let Statement::ImportDeclaration(import) = statement {
            read.import(import)?;
        }
    }
    program.body.iter().try_for_each(|statement| read.statement(statement))?;
    // Without any it might be taken for a script.
    let LiteralModule { exports, stars, .. } = &read.module;
    (!exports.is_empty() || !stars.is_empty()).then_some(read.module)
}

/// Whether no character has a meaning that depends on who reads it.
fn is_plain_text(text: &str) -> bool {
    let odd = |character: char| {
        matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}')
            || (character.is_control() && !matches!(character, '\t' | '\n' | '\r'))
    };
    let lone_return = || text.replace("\r\n", "").contains('\r');
    // Bun takes a text with this comment as it is.
    !text.contains(odd) && !text.contains("@bun") && !lone_return()
}

struct Read<'r> {
    text: &'r str,
    own_package: &'r str,
    module: LiteralModule,
    /// The names here of functions that return their argument.
    identities: HashSet<String>,
    /// All names so far, those of types among them.
    declared: HashSet<String>,
}

impl Read<'_> {
    fn import(&mut self, import: &ImportDeclaration<'_>) -> Option<()> {
        let specifier = plain_specifier(&import.source)?;
        let is_own = specifier == self.own_package;
        let is_type = import.import_kind.is_type();
        // Attributes of what is dropped are for the compiler alone.
        (!is_type || import.with_clause.is_none()).then_some(())?;
        if !is_own && !is_type {
            self.module.loaded.push(specifier.clone());
        }
        for one in import.specifiers.iter().flatten() {
            let local = one.local().name.to_string();
            self.declare(&local)?;
            let name = match one {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    if is_type || one.import_kind.is_type() {
                        plain_type(&one.imported)?;
                        is_plain_type(&local).then_some(())?;
                        continue;
                    }
                    plain_export(&one.imported)?
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) if is_type => {
                    is_plain_type(&local).then_some(())?;
                    continue;
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => "default".to_owned(),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => return None,
            };
            is_plain_name(&local).then_some(())?;
            if is_own {
                self.identities.insert(local);
            } else {
                self.module.imports.push((local, Import { specifier: specifier.clone(), name }));
            }
        }
        Some(())
    }

    fn statement(&mut self, statement: &Statement<'_>) -> Option<()> {
        match statement {
            Statement::ImportDeclaration(_) | Statement::EmptyStatement(_) => Some(()),
            Statement::ExportNamedDeclaration(export) => self.export_named(export),
            Statement::ExportAllDeclaration(export) => {
                // As a whole, a module is no data.
                let plain = export.exported.is_none() && export.with_clause.is_none();
                let specifier = plain_specifier(&export.source).filter(|_| plain)?;
                if export.export_kind.is_type() {
                    return Some(());
                }
                self.module.loaded.push(specifier.clone());
                self.module.stars.push(specifier);
                Some(())
            }
            Statement::ExportDefaultDeclaration(export) => match &export.declaration {
                ExportDefaultDeclarationKind::FunctionDeclaration(_)
                | ExportDefaultDeclarationKind::ClassDeclaration(_)
                | ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => None,
                declaration => {
                    let value = self.term(declaration.as_expression()?)?;
                    self.module.values.push(("default".to_owned(), value));
                    self.export("default", Export::Own("default".to_owned()))
                }
            },
            other => self.declaration(other.as_declaration()?).map(drop),
        }
    }

    /// A declaration, and the names that it gives to values.
    fn declaration(&mut self, declaration: &Declaration<'_>) -> Option<Vec<String>> {
        match declaration {
            Declaration::VariableDeclaration(variables) => self.variables(variables),
            Declaration::TSTypeAliasDeclaration(alias) => {
                self.declare(alias.id.name.as_str())?;
                is_plain_alias(alias, self.text).then(Vec::new)
            }
            Declaration::TSInterfaceDeclaration(interface) => {
                self.declare(interface.id.name.as_str())?;
                is_plain_interface(interface, self.text).then(Vec::new)
            }
            _ => None,
        }
    }

    fn variables(&mut self, variables: &VariableDeclaration<'_>) -> Option<Vec<String>> {
        if !variables.kind.is_const() || variables.declare {
            return None;
        }
        let mut names = Vec::new();
        for one in &variables.declarations {
            let BindingPatternKind::BindingIdentifier(id) = &one.id.kind else { return None };
            let annotation = one.id.type_annotation.as_deref();
            let name = id.name.to_string();
            self.declare(&name)?;
            let plain = !one.definite && !one.id.optional && is_plain_name(&name);
            (plain && is_plain_annotation(annotation, self.text)).then_some(())?;
            let value = self.term(one.init.as_ref()?)?;
            self.module.values.push((name.clone(), value));
            names.push(name);
        }
        Some(names)
    }

    fn export_named(&mut self, export: &ExportNamedDeclaration<'_>) -> Option<()> {
        if let Some(declaration) = &export.declaration {
            // A type that is exported is a declaration like any other.
            let names = self.declaration(declaration)?;
            return names.iter().try_for_each(|name| self.export(name, Export::Own(name.clone())));
        }
        let is_type = export.export_kind.is_type()
            || export.specifiers.iter().any(|one| one.export_kind.is_type());
        let specifier = match &export.source {
            Some(source) => Some(plain_specifier(source)?),
            None => None,
        };
        if is_type {
            // Of a type that is nowhere, not all say the same.
            let plain = export.export_kind.is_type() && export.with_clause.is_none();
            return specifier.filter(|_| plain).map(drop);
        }
        self.module.loaded.extend(specifier.clone());
        for one in &export.specifiers {
            let name = plain_export(&one.local)?;
            let from = match &specifier {
                Some(specifier) => Export::Import(Import { specifier: specifier.clone(), name }),
                None => Export::Own(name),
            };
            self.export(&plain_export(&one.exported)?, from)?;
        }
        Some(())
    }

    /// One name stands for one thing: whether it may for two is a matter of opinion.
    fn declare(&mut self, name: &str) -> Option<()> {
        self.declared.insert(name.to_owned()).then_some(())
    }

    /// Each name once.
    fn export(&mut self, name: &str, export: Export) -> Option<()> {
        let plain = name == "default" || is_plain_name(name);
        let is_new = plain && self.module.exports.insert(name.to_owned(), export).is_none();
        is_new.then_some(())
    }

    fn term(&self, expression: &Expression<'_>) -> Option<Term> {
        Some(match expression {
            Expression::NullLiteral(_) => Term::Value(Literal::Null),
            Expression::BooleanLiteral(literal) => Term::Value(Literal::Boolean(literal.value)),
            Expression::NumericLiteral(literal) => Term::Value(number(literal, 1.0)?),
            Expression::StringLiteral(literal) => Term::Value(Literal::Text(text(literal)?)),
            Expression::TemplateLiteral(template) => self.template(template)?,
            Expression::Identifier(name) if name.name == "undefined" => {
                Term::Value(Literal::Undefined)
            }
            Expression::Identifier(name) => Term::Name(name.name.to_string()),
            Expression::UnaryExpression(unary) => {
                let sign = match unary.operator {
                    UnaryOperator::UnaryNegation => -1.0,
                    UnaryOperator::UnaryPlus => 1.0,
                    _ => return None,
                };
                let Expression::NumericLiteral(literal) = &unary.argument else { return None };
                Term::Value(number(literal, sign)?)
            }
            Expression::ArrayExpression(array) => {
                let items = array.elements.iter().map(|element| match element {
                    ArrayExpressionElement::SpreadElement(spread) => {
                        Some(Item::All(self.term(&spread.argument)?))
                    }
                    other => Some(Item::One(self.term(other.as_expression()?)?)),
                });
                Term::List(items.collect::<Option<_>>()?)
            }
            Expression::ObjectExpression(object) => self.object(object)?,
            Expression::CallExpression(call) => self.term(self.argument(call)?)?,
            Expression::TSAsExpression(it) if is_plain(&it.type_annotation, self.text) => {
                self.term(&it.expression)?
            }
            Expression::TSSatisfiesExpression(it) if is_plain(&it.type_annotation, self.text) => {
                self.term(&it.expression)?
            }
            Expression::TSNonNullExpression(it) => self.term(&it.expression)?,
            _ => return None,
        })
    }

    /// The one argument of a function that returns it.
    fn argument<'e, 'a>(&self, call: &'e CallExpression<'a>) -> Option<&'e Expression<'a>> {
        let Expression::Identifier(callee) = &call.callee else { return None };
        let plain = !call.optional && call.type_arguments.is_none();
        match call.arguments.as_slice() {
            [argument] if plain && self.identities.contains(callee.name.as_str()) => {
                Argument::as_expression(argument)
            }
            _ => None,
        }
    }

    fn template(&self, template: &TemplateLiteral<'_>) -> Option<Term> {
        let texts = template.quasis.iter().map(|part| {
            // Its line ends were made alike.
            let raw = self.text.get(part.span.start as usize..part.span.end as usize)?;
            let plain = !part.lone_surrogates && !raw.contains('\r');
            part.value.cooked.filter(|_| plain).map(|text| text.to_string())
        });
        let between = template.expressions.iter().map(|one| self.term(one));
        Some(Term::Template(texts.collect::<Option<_>>()?, between.collect::<Option<_>>()?))
    }

    fn object(&self, object: &ObjectExpression<'_>) -> Option<Term> {
        let properties = object.properties.iter().map(|property| match property {
            ObjectPropertyKind::SpreadProperty(spread) => {
                Some(Property::All(self.term(&spread.argument)?))
            }
            ObjectPropertyKind::ObjectProperty(property) => {
                let plain = property.kind == PropertyKind::Init && !property.method;
                let key = key(&property.key, property.computed).filter(|_| plain)?;
                Some(Property::One(key, self.term(&property.value)?))
            }
        });
        Some(Term::Object(properties.collect::<Option<_>>()?))
    }
}

/// The key of a property. `__proto__` may be another thing than a key.
fn key(key: &PropertyKey<'_>, computed: bool) -> Option<String> {
    let name = match key {
        PropertyKey::StringLiteral(literal) => text(literal)?,
        PropertyKey::StaticIdentifier(name) if !computed => {
            // Neither with escapes nor with letters that are new to some.
            let plain = name.name.is_ascii() && name.span.size() as usize == name.name.len();
            plain.then(|| name.name.to_string())?
        }
        PropertyKey::NumericLiteral(literal) if !computed => match number(literal, 1.0)? {
            Literal::Number(text) => text,
            _ => return None,
        },
        _ => return None,
    };
    (name != "__proto__").then_some(name)
}

/// A specifier as it is written.
fn plain_specifier(source: &StringLiteral<'_>) -> Option<String> {
    let as_written = source.span.size() as usize == source.value.len() + 2;
    as_written.then(|| source.value.to_string())
}

fn text(literal: &StringLiteral<'_>) -> Option<String> {
    let in_one_line = literal.raw.is_some_and(|raw| !raw.contains(['\n', '\r']));
    (in_one_line && !literal.lone_surrogates).then(|| literal.value.to_string())
}

fn number(literal: &NumericLiteral<'_>, sign: f64) -> Option<Literal> {
    let is_safe = matches!(literal.base, NumberBase::Decimal | NumberBase::Float)
        || literal.value < f64::from(u32::MAX);
    let short = literal.span().size() as usize <= LONGEST_NUMBER;
    // `010` is 8 to some, and no number in a module.
    let raw = literal.raw?;
    let old = raw.len() > 1 && raw.starts_with('0') && raw.as_bytes()[1].is_ascii_digit();
    if !is_safe || !short || old {
        return None;
    }
    number_text(literal.value * sign).map(Literal::Number)
}

fn plain_export(name: &ModuleExportName<'_>) -> Option<String> {
    let name = match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(_) => return None,
    };
    (name == "default" || is_plain_name(name)).then(|| name.to_owned())
}

fn plain_type(name: &ModuleExportName<'_>) -> Option<()> {
    let name = name.identifier_name()?;
    (name == "default" || is_plain_type(name.as_str())).then_some(())
}
