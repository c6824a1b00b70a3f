//! Expressions: what makes a value out of values and changes nothing.

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, BinaryOperator, CallExpression, ChainElement, Expression,
    IdentifierReference, LogicalOperator, MemberExpression, NewExpression, ObjectExpression,
    ObjectPropertyKind, PropertyKey, PropertyKind, RegExpFlags, UnaryOperator,
    match_member_expression,
};
use oxc_span::{GetSpan, Span};

use super::impurity::{Checked, Refusal, known, unknown};
use super::names::{CALLING_BACK, CLASSES, CONSTANTS, FORBIDDEN, FUNCTIONS, MEMBERS, METHODS};
use super::statements::Check;
use super::variables::Use;

impl Check<'_> {
    pub(super) fn expression(&mut self, expression: &Expression<'_>, at: Use) -> Checked {
        match expression {
            Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::StringLiteral(_) => Ok(()),
            // With these two a pattern remembers where it stopped.
            Expression::RegExpLiteral(literal)
                if !literal.regex.flags.intersects(RegExpFlags::G | RegExpFlags::Y) =>
            {
                Ok(())
            }
            Expression::TemplateLiteral(template) => {
                template.expressions.iter().try_for_each(|one| self.expression(one, Use::Value))
            }
            Expression::Identifier(name) => self.reference(name, at),
            Expression::ArrayExpression(array) => {
                array.elements.iter().try_for_each(|element| match element {
                    ArrayExpressionElement::SpreadElement(spread) => {
                        self.expression(&spread.argument, Use::Value)
                    }
                    ArrayExpressionElement::Elision(_) => Ok(()),
                    other => {
                        let value = known(other.as_expression(), other.span())?;
                        self.expression(value, Use::Value)
                    }
                })
            }
            Expression::ObjectExpression(object) => self.object(object),
            Expression::ArrowFunctionExpression(arrow) => self.arrow(arrow),
            Expression::FunctionExpression(function) => self.function(function),
            Expression::UnaryExpression(unary) => match unary.operator {
                UnaryOperator::LogicalNot => self.expression(&unary.argument, Use::Test),
                UnaryOperator::UnaryNegation
                | UnaryOperator::UnaryPlus
                | UnaryOperator::BitwiseNot
                | UnaryOperator::Typeof
                | UnaryOperator::Void => self.expression(&unary.argument, Use::Value),
                UnaryOperator::Delete => Err(Refusal::new(unary.span, "`delete`")),
            },
            Expression::BinaryExpression(binary) => {
                let at = match binary.operator {
                    BinaryOperator::Equality
                    | BinaryOperator::Inequality
                    | BinaryOperator::StrictEquality
                    | BinaryOperator::StrictInequality => Use::Test,
                    BinaryOperator::Instanceof => {
                        return Err(Refusal::new(binary.span, "`instanceof`"));
                    }
                    _ => Use::Value,
                };
                self.expression(&binary.left, at)?;
                self.expression(&binary.right, at)
            }
            Expression::LogicalExpression(logical) => {
                // Of `a && b` no more than an empty text comes from `a`.
                let left = if logical.operator == LogicalOperator::And { Use::Test } else { at };
                self.expression(&logical.left, left)?;
                self.expression(&logical.right, at)
            }
            Expression::ConditionalExpression(conditional) => {
                self.expression(&conditional.test, Use::Test)?;
                self.expression(&conditional.consequent, at)?;
                self.expression(&conditional.alternate, at)
            }
            Expression::CallExpression(call) => self.call(call),
            Expression::NewExpression(new) => self.new_instance(new),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call(call),
                ChainElement::TSNonNullExpression(inner) => self.expression(&inner.expression, at),
                other => self.member(known(other.as_member_expression(), other.span())?, at),
            },
            Expression::TSAsExpression(inner) => self.expression(&inner.expression, at),
            Expression::TSSatisfiesExpression(inner) => self.expression(&inner.expression, at),
            Expression::TSNonNullExpression(inner) => self.expression(&inner.expression, at),
            other @ match_member_expression!(Expression) => {
                self.member(other.to_member_expression(), at)
            }
            other => Err(unknown(other.span())),
        }
    }

    /// A name that is used as a value.
    pub(super) fn reference(&mut self, name: &IdentifierReference<'_>, at: Use) -> Checked {
        if let Some(symbol) = self.symbol_of(name) {
            if at != Use::Test {
                self.use_value(Some(symbol), name.span);
            }
            return Ok(());
        }
        let known = |names: &[&str]| names.contains(&name.name.as_str());
        if known(&CONSTANTS) || known(&FUNCTIONS) {
            return Ok(());
        }
        let what = match name.name.as_str() {
            "process" => "`process` other than as `process.env.NAME`".to_owned(),
            name if MEMBERS.iter().any(|(known, _)| *known == name) => {
                format!("`{name}` other than to call one of its harmless functions")
            }
            name => format!("the free name `{name}`"),
        };
        Err(Refusal::new(name.span, what))
    }

    fn object(&mut self, object: &ObjectExpression<'_>) -> Checked {
        for property in &object.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    self.expression(&spread.argument, Use::Value)?;
                }
                ObjectPropertyKind::ObjectProperty(property) => {
                    if property.kind != PropertyKind::Init {
                        return Err(Refusal::new(property.span, "a getter or a setter"));
                    }
                    if property.computed {
                        let key = property.key.as_expression();
                        let key = key.ok_or_else(|| unknown(property.span))?;
                        self.expression(key, Use::Value)?;
                    } else if property.key.static_name().is_none_or(|name| name == "__proto__") {
                        return Err(unknown(property.span));
                    }
                    self.expression(&property.value, Use::Value)?;
                }
            }
        }
        Ok(())
    }

    fn member(&mut self, member: &MemberExpression<'_>, at: Use) -> Checked {
        let Some(name) = fixed_name(member) else {
            return Err(Refusal::new(member.span(), "a property without a fixed name"));
        };
        let object = member.object();
        if self.is_environment(object) && !member.optional() {
            return self.variable(name, at, member.span());
        }
        if self.is_built_in(object, name, member.span())? {
            return Ok(());
        }
        readable(name, member.span())?;
        self.expression(object, Use::Value)
    }

    /// Whether this is a member of a built-in object, such as `Math.max`; then it has to be on the list.
    fn is_built_in(
        &self,
        object: &Expression<'_>,
        member: &str,
        span: Span,
    ) -> Result<bool, Refusal> {
        let Expression::Identifier(object) = object else { return Ok(false) };
        let known = MEMBERS.iter().find(|(known, _)| *known == object.name && self.is_free(object));
        match known {
            None => Ok(false),
            Some((_, members)) if members.contains(&member) => Ok(true),
            // Also a function, and a value like any other: what it inherits is judged by name.
            Some(_) if FUNCTIONS.contains(&object.name.as_str()) => Ok(false),
            Some((object, _)) => Err(Refusal::new(span, format!("`{object}.{member}`"))),
        }
    }

    fn call(&mut self, call: &CallExpression<'_>) -> Checked {
        let callee = without_types(&call.callee);
        if let Expression::ChainExpression(chain) = callee {
            // `(a?.b)(c)`: a method, in disguise.
            return Err(unknown(chain.span));
        }
        let mut at = Use::Value;
        if let Some(member) = callee.as_member_expression() {
            self.callee_member(member, &call.arguments)?;
        } else {
            if let Expression::Identifier(name) = callee
                && name.name == "Boolean"
                && self.is_free(name)
            {
                at = Use::Test;
            }
            self.expression(callee, Use::Value)?;
        }
        self.arguments(&call.arguments, at)
    }

    /// A method that is called: one of the known ones, or a function of a module that is imported as a whole. A method of an
    /// object by any other name could be one of a runtime to come.
    fn callee_member(
        &mut self,
        member: &MemberExpression<'_>,
        arguments: &[Argument<'_>],
    ) -> Checked {
        let span = member.span();
        let Some(name) = fixed_name(member) else {
            return Err(Refusal::new(span, "a call of a method without a fixed name"));
        };
        let object = without_types(member.object());
        if self.is_built_in(object, name, span)? {
            return built_in_arguments(object, name, arguments, span);
        }
        self.expression(object, Use::Value)?;
        readable(name, span)?;
        let is_namespace = matches!(object, Expression::Identifier(object)
            if self.symbol_of(object).is_some_and(|symbol| self.namespaces.contains(&symbol)));
        if !is_namespace && !METHODS.contains(&name) {
            return Err(Refusal::new(span, format!("a call of the method `{name}`")));
        }
        if CALLING_BACK.contains(&name) && !at_most(arguments, 1) {
            return Err(Refusal::new(span, format!("`{name}` with more than a function")));
        }
        Ok(())
    }

    fn new_instance(&mut self, new: &NewExpression<'_>) -> Checked {
        match &new.callee {
            Expression::Identifier(class)
                if self.is_free(class) && CLASSES.contains(&class.name.as_str()) =>
            {
                self.arguments(&new.arguments, Use::Value)
            }
            _ => Err(Refusal::new(new.span, "`new` of anything but `Map` and `Set`")),
        }
    }

    fn arguments(&mut self, arguments: &[Argument<'_>], at: Use) -> Checked {
        arguments.iter().try_for_each(|argument| match argument {
            Argument::SpreadElement(spread) => self.expression(&spread.argument, Use::Value),
            other => self.expression(known(other.as_expression(), other.span())?, at),
        })
    }
}

/// The key of a property that is read, written out.
pub(super) fn read_key(key: &PropertyKey<'_>) -> Checked {
    readable(&known(key.static_name(), key.span())?, key.span())
}

fn readable(name: &str, span: Span) -> Checked {
    if FORBIDDEN.contains(&name) {
        return Err(Refusal::new(span, format!("the property `{name}`")));
    }
    Ok(())
}

/// The name of the property, where it is written out.
fn fixed_name<'m>(member: &'m MemberExpression<'_>) -> Option<&'m str> {
    match member {
        MemberExpression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        MemberExpression::ComputedMemberExpression(member) => match &member.expression {
            Expression::StringLiteral(name) => Some(name.value.as_str()),
            // No property that matters has a number for a name.
            Expression::NumericLiteral(_) => Some(""),
            _ => None,
        },
        MemberExpression::PrivateFieldExpression(_) => None,
    }
}

/// What is left when the types are dropped. A method stays a method in `(a.b as any)(c)` and `a.b!(c)`.
fn without_types<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    match expression {
        Expression::TSAsExpression(inner) => without_types(&inner.expression),
        Expression::TSSatisfiesExpression(inner) => without_types(&inner.expression),
        Expression::TSNonNullExpression(inner) => without_types(&inner.expression),
        other => other,
    }
}

/// What a function of a built-in object is given: `assign` and `freeze` change what they are given first, so that has
/// to be new; `from` takes a receiver as its third.
fn built_in_arguments(
    object: &Expression<'_>,
    name: &str,
    arguments: &[Argument<'_>],
    span: Span,
) -> Checked {
    let is_new = || {
        let first = arguments.first().and_then(Argument::as_expression).map(without_types);
        matches!(first, Some(Expression::ObjectExpression(_) | Expression::ArrayExpression(_)))
    };
    let sound = match name {
        "assign" | "freeze" => is_new(),
        "from" => at_most(arguments, 2),
        _ => true,
    };
    if sound {
        return Ok(());
    }
    let object = object.get_identifier_reference().map_or("", |object| object.name.as_str());
    Err(Refusal::new(span, format!("`{object}.{name}` of what may not be new")))
}

/// Whether a call has so many arguments at most, for sure.
fn at_most(arguments: &[Argument<'_>], count: usize) -> bool {
    arguments.len() <= count && !arguments.iter().any(Argument::is_spread)
}
