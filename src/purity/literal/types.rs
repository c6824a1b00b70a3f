//! Types that every way to drop types knows: names, texts, and arrays, unions and objects of such.

use oxc_ast::ast::{
    TSInterfaceDeclaration, TSLiteral, TSSignature, TSType, TSTypeAliasDeclaration,
    TSTypeAnnotation, TSTypeName, TSTypeOperatorOperator,
};

use super::words::is_plain_type;

/// Whether an annotation, if there is one, is plain.
pub(super) fn is_plain_annotation(annotation: Option<&TSTypeAnnotation<'_>>) -> bool {
    annotation.is_none_or(|annotation| is_plain(&annotation.type_annotation))
}

/// `interface Name { … }`.
pub(super) fn is_plain_interface(interface: &TSInterfaceDeclaration<'_>) -> bool {
    !interface.declare
        && interface.type_parameters.is_none()
        && interface.extends.is_empty()
        && is_plain_type(interface.id.name.as_str())
        && are_plain(&interface.body.body)
}

/// `type Name = …`.
pub(super) fn is_plain_alias(alias: &TSTypeAliasDeclaration<'_>) -> bool {
    !alias.declare
        && alias.type_parameters.is_none()
        && is_plain_type(alias.id.name.as_str())
        && is_plain(&alias.type_annotation)
}

/// Whether a type is plain.
pub(super) fn is_plain(it: &TSType<'_>) -> bool {
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
        TSType::TSArrayType(array) => is_plain(&array.element_type),
        TSType::TSUnionType(union) => union.types.iter().all(is_plain),
        TSType::TSIntersectionType(all) => all.types.iter().all(is_plain),
        TSType::TSParenthesizedType(inner) => is_plain(&inner.type_annotation),
        TSType::TSLiteralType(literal) => matches!(
            literal.literal,
            TSLiteral::BooleanLiteral(_)
                | TSLiteral::NumericLiteral(_)
                | TSLiteral::StringLiteral(_)
        ),
        TSType::TSTypeLiteral(object) => are_plain(&object.members),
        TSType::TSTypeOperatorType(operator) => {
            operator.operator == TSTypeOperatorOperator::Readonly
                && is_plain(&operator.type_annotation)
        }
        TSType::TSTypeReference(reference) => {
            let TSTypeName::IdentifierReference(name) = &reference.type_name else { return false };
            let arguments = reference.type_arguments.as_deref();
            // `as const` is a type of this name here.
            (name.name == "const" || is_plain_type(name.name.as_str()))
                && arguments.is_none_or(|arguments| arguments.params.iter().all(is_plain))
        }
        _ => false,
    }
}

fn are_plain(members: &[TSSignature<'_>]) -> bool {
    members.iter().all(|member| match member {
        TSSignature::TSPropertySignature(property) => {
            !property.computed
                && property.key.static_name().is_some()
                && property
                    .type_annotation
                    .as_ref()
                    .is_some_and(|annotation| is_plain(&annotation.type_annotation))
        }
        _ => false,
    })
}
