//! Names that every runtime and every transformation of TypeScript reads in one way.

/// Words that mean something somewhere in the syntax, or stand for something in the code that a module becomes when it is
/// transformed for a runtime: what else they could name is not worth the doubt.
const TAKEN: [&str; 87] = [
    "JSON",
    "JSX",
    "URL",
    "abstract",
    "accessor",
    "any",
    "arguments",
    "as",
    "assert",
    "asserts",
    "async",
    "await",
    "bigint",
    "boolean",
    "console",
    "constructor",
    "declare",
    "default",
    "defer",
    "document",
    "enum",
    "eval",
    "exports",
    "fetch",
    "from",
    "function",
    "get",
    "global",
    "globalThis",
    "if",
    "implements",
    "import",
    "in",
    "infer",
    "interface",
    "intrinsic",
    "is",
    "keyof",
    "let",
    "meta",
    "module",
    "namespace",
    "navigator",
    "never",
    "new",
    "null",
    "number",
    "object",
    "of",
    "out",
    "override",
    "package",
    "performance",
    "private",
    "process",
    "protected",
    "prototype",
    "public",
    "readonly",
    "require",
    "return",
    "satisfies",
    "self",
    "set",
    "source",
    "static",
    "string",
    "structuredClone",
    "super",
    "symbol",
    "target",
    "then",
    "this",
    "toString",
    "type",
    "typeof",
    "undefined",
    "unique",
    "unknown",
    "using",
    "valueOf",
    "var",
    "void",
    "while",
    "window",
    "with",
    "yield",
];

/// Whether a constant or an import may have this name: `commands`, `COMMON_FILES`. Names as `Object` and `_helper` could
/// meet those of a runtime or of what transforms the module.
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_constant = || {
        name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    is_word(name)
        && (name.starts_with(|first: char| first.is_ascii_lowercase()) || is_constant())
        && !name.starts_with("jiti")
}

/// Whether a type may have this name.
pub(super) fn is_plain_type(name: &str) -> bool {
    is_word(name)
}

fn is_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && TAKEN.binary_search(&name).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_second_meaning() {
        assert!(TAKEN.is_sorted());
        for plain in ["a", "buildTask", "build_2", "COMMON_FILES", "CI"] {
            assert!(is_plain_name(plain), "{plain}");
        }
        for odd in ["", "_a", "$", "ä", "Object", "Preset", "JSON", "then", "async", "jitiImport"]
        {
            assert!(!is_plain_name(odd), "{odd}");
        }
        assert!(is_plain_type("Preset") && !is_plain_type("type") && !is_plain_type("_T"));
    }
}
