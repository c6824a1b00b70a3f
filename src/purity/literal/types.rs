//! Types that every way to drop types knows: names, texts, and arrays, unions and objects of such.

use oxc_ast::ast::{
    TSInterfaceDeclaration, TSLiteral, TSSignature, TSType, TSTypeAliasDeclaration,
    TSTypeAnnotation, TSTypeName, TSTypeOperatorOperator,
};
use oxc_span::GetSpan;

use super::words::is_plain_type;

/// Whether an annotation, if there is one, is plain.
pub(super) fn is_plain_annotation(annotation: Option<&TSTypeAnnotation<'_>>, text: &str) -> bool {
    annotation.is_none_or(|annotation| is_plain(&annotation.type_annotation, text))
}

/// `interface Name { … }`.
pub(super) fn is_plain_interface(interface: &TSInterfaceDeclaration<'_>, text: &str) -> bool {
    !interface.declare
        && interface.type_parameters.is_none()
        && interface.extends.is_empty()
        && is_plain_type(interface.id.name.as_str())
        && are_plain(&interface.body.body, text)
}

/// `type Name = …`.
pub(super) fn is_plain_alias(alias: &TSTypeAliasDeclaration<'_>, text: &str) -> bool {
    !alias.declare
        && alias.type_parameters.is_none()
        && is_plain_type(alias.id.name.as_str())
        && is_plain(&alias.type_annotation, text)
}

/// Whether a type is plain.
pub(super) fn is_plain(it: &TSType<'_>, text: &str) -> bool {
    let all = |types: &[TSType<'_>]| types.iter().all(|it| is_plain(it, text));
    match it {
        TSType::TSAnyKeyword(_)
        | TSType::TSBooleanKeyword(_)
        | TSType::TSNeverKeyword(_)
        | TSType::TSNullKeyword(_)
        | TSType::TSNumberKeyword(_)
        | TSType::TSObjectKeyword(_)
        | TSType::TSStringKeyword(_)
        | TSType::TSUndefinedKeyword(_)
        | TSType::TSUnknownKeyword(_) => true,
        TSType::TSArrayType(array) => is_plain(&array.element_type, text),
        TSType::TSUnionType(union) => all(&union.types),
        TSType::TSIntersectionType(both) => all(&both.types),
        TSType::TSParenthesizedType(inner) => is_plain(&inner.type_annotation, text),
        TSType::TSLiteralType(literal) => matches!(
            literal.literal,
            TSLiteral::BooleanLiteral(_)
                | TSLiteral::NumericLiteral(_)
                | TSLiteral::StringLiteral(_)
        ),
        TSType::TSTypeLiteral(object) => are_plain(&object.members, text),
        TSType::TSTypeOperatorType(operator) => {
            operator.operator == TSTypeOperatorOperator::Readonly
                && is_plain(&operator.type_annotation, text)
        }
        TSType::TSTypeReference(reference) => {
            let TSTypeName::IdentifierReference(name) = &reference.type_name else { return false };
            let arguments = reference.type_arguments.as_deref();
            // `as const` is a type of this name here.
            (name.name == "const" || is_plain_type(name.name.as_str()))
                && arguments.is_none_or(|arguments| all(&arguments.params))
        }
        _ => false,
    }
}

/// Whether all members are plain properties, with an end to each that nobody overlooks.
fn are_plain(members: &[TSSignature<'_>], text: &str) -> bool {
    let ends = members.windows(2).all(|pair| {
        // The separator, if there is one, is the last of the member.
        let (end, next) = (pair[0].span().end as usize, pair[1].span().start as usize);
        let between = text.get(end.saturating_sub(1)..next);
        between.is_some_and(|between| between.contains([';', ',', '\n']) && !between.contains("/*"))
    });
    let is_property = |member: &TSSignature<'_>| match member {
        TSSignature::TSPropertySignature(property) => {
            let annotation = property.type_annotation.as_deref();
            !property.computed
                && property.key.static_name().is_some()
                && annotation.is_some_and(|one| is_plain(&one.type_annotation, text))
        }
        _ => false,
    };
    ends && members.iter().all(is_property)
}
