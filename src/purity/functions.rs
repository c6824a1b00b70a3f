//! Functions and what they take apart.
//!
//! Only plain ones: what is asynchronous or a generator can be at several places at once, and `this` and `arguments`
//! are not for a config to know.

use oxc_ast::ast::{
    ArrowFunctionExpression, BindingPattern, BindingPatternKind, FormalParameters, Function,
    FunctionBody, FunctionType,
};

use super::expressions::read_key;
use super::impurity::{Checked, Refusal, known};
use super::statements::Check;
use super::variables::Use;

impl Check<'_> {
    pub(super) fn function(&mut self, function: &Function<'_>) -> Checked {
        let plain = matches!(
            function.r#type,
            FunctionType::FunctionDeclaration | FunctionType::FunctionExpression
        ) && !(function.r#async || function.generator || function.declare)
            && function.this_param.is_none();
        match &function.body {
            Some(body) if plain => self.parameters_and_body(&function.params, body),
            _ => Err(Refusal::new(function.span, "a function that is not plain")),
        }
    }

    pub(super) fn arrow(&mut self, arrow: &ArrowFunctionExpression<'_>) -> Checked {
        if arrow.r#async {
            return Err(Refusal::new(arrow.span, "a function that is not plain"));
        }
        if !arrow.expression {
            return self.parameters_and_body(&arrow.params, &arrow.body);
        }
        self.parameters(&arrow.params)?;
        self.expression(known(arrow.get_expression(), arrow.span)?, Use::Value)
    }

    fn parameters_and_body(
        &mut self,
        parameters: &FormalParameters<'_>,
        body: &FunctionBody<'_>,
    ) -> Checked {
        self.parameters(parameters)?;
        body.statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn parameters(&mut self, parameters: &FormalParameters<'_>) -> Checked {
        for one in &parameters.items {
            if !one.decorators.is_empty() || one.accessibility.is_some() {
                return Err(Refusal::new(one.span, "a parameter that is not plain"));
            }
            self.pattern(&one.pattern)?;
        }
        parameters.rest.iter().try_for_each(|rest| self.pattern(&rest.argument))
    }

    /// A pattern reads the properties that it names.
    pub(super) fn pattern(&mut self, pattern: &BindingPattern<'_>) -> Checked {
        match &pattern.kind {
            BindingPatternKind::BindingIdentifier(_) => Ok(()),
            BindingPatternKind::AssignmentPattern(with_default) => {
                self.pattern(&with_default.left)?;
                self.expression(&with_default.right, Use::Value)
            }
            BindingPatternKind::ObjectPattern(object) => {
                for property in &object.properties {
                    if property.computed {
                        return Err(Refusal::new(property.span, "a property without a fixed name"));
                    }
                    read_key(&property.key)?;
                    self.pattern(&property.value)?;
                }
                object.rest.iter().try_for_each(|rest| self.pattern(&rest.argument))
            }
            BindingPatternKind::ArrayPattern(array) => {
                array.elements.iter().flatten().try_for_each(|element| self.pattern(element))?;
                array.rest.iter().try_for_each(|rest| self.pattern(&rest.argument))
            }
        }
    }
}
