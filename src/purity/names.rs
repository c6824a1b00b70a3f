//! The names that a config may use. Everything else is refused, so a line here needs a reason.
//!
//! An accepted module only ever holds values of its own making (literals, arrays, plain objects, functions), JSON, and
//! what the functions below return. From such values one could still reach everything through a few inherited
//! properties (`constructor` leads to `Function`, and so to all of JavaScript), or change what another module sees
//! (`push`), or take along something that remembers (an iterator). Those are the forbidden properties.

/// Free names that stand for a constant.
pub(super) const CONSTANTS: [&str; 3] = ["Infinity", "NaN", "undefined"];

/// Free names of functions that compute from their arguments alone; they may be passed on as values, too.
pub(super) const FUNCTIONS: [&str; 7] =
    ["Boolean", "Number", "String", "isFinite", "isNaN", "parseFloat", "parseInt"];

/// Free names that may be constructed: `new Set([…])`.
pub(super) const CLASSES: [&str; 2] = ["Map", "Set"];

/// Functions and constants of built-in objects, to be written out: `Math.max(…)`. The objects themselves are never
/// values. Missing for a reason: `Math.random`; what gives or takes property descriptors and prototypes; what changes
/// its argument (`assign` and `freeze` are accepted where the argument is a new object, see `expressions`); `Math`'s
/// functions whose last digit may differ between processors.
pub(super) const MEMBERS: [(&str, &[&str]); 5] = [
    ("Array", &["from", "isArray", "of"]),
    ("JSON", &["parse", "stringify"]),
    ("Math", &["abs", "ceil", "floor", "max", "min", "round", "sign", "trunc"]),
    (
        "Number",
        &[
            "EPSILON",
            "MAX_SAFE_INTEGER",
            "MIN_SAFE_INTEGER",
            "isFinite",
            "isInteger",
            "isNaN",
            "isSafeInteger",
            "parseFloat",
            "parseInt",
        ],
    ),
    ("Object", &["assign", "entries", "freeze", "fromEntries", "hasOwn", "is", "keys", "values"]),
];

/// Methods of arrays, texts, numbers, maps and sets that may be called: they change nothing and depend on nothing but
/// their receiver and arguments.
pub(super) const METHODS: [&str; 53] = [
    "at",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "concat",
    "endsWith",
    "every",
    "exec",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flat",
    "flatMap",
    "get",
    "has",
    "includes",
    "indexOf",
    "isWellFormed",
    "join",
    "lastIndexOf",
    "map",
    "match",
    "normalize",
    "padEnd",
    "padStart",
    "reduce",
    "reduceRight",
    "repeat",
    "replace",
    "replaceAll",
    "search",
    "slice",
    "some",
    "split",
    "startsWith",
    "substring",
    "test",
    "toExponential",
    "toFixed",
    "toLowerCase",
    "toPrecision",
    "toReversed",
    "toSorted",
    "toSpliced",
    "toString",
    "toUpperCase",
    "toWellFormed",
    "trim",
    "trimEnd",
    "trimStart",
    "with",
];

/// Those of [`METHODS`] that call a function with the `this` of their second argument: they take one argument only.
pub(super) const CALLING_BACK: [&str; 10] = [
    "every",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatMap",
    "map",
    "some",
    "toSorted",
];

/// Properties that are never read, whatever they belong to.
pub(super) const FORBIDDEN: [&str; 38] = [
    // To `Function`, to prototypes, and to who called.
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "arguments",
    "callee",
    "caller",
    "constructor",
    "prototype",
    // With a receiver of one's choice.
    "apply",
    "bind",
    "call",
    // Changes its receiver.
    "add",
    "clear",
    "compile",
    "copyWithin",
    "delete",
    "fill",
    "getOrInsert",
    "getOrInsertComputed",
    "lastIndex",
    "pop",
    "push",
    "reverse",
    "set",
    "shift",
    "sort",
    "splice",
    "unshift",
    // Gives something that remembers how far it was read.
    "entries",
    "keys",
    "matchAll",
    "values",
    // Depends on the locale.
    "localeCompare",
    "toLocaleLowerCase",
    "toLocaleString",
    "toLocaleUpperCase",
];

/// Variables that are no secrets by what they are for: their values may become part of a config's value. Of all others
/// a config may only ask questions (`variables.rs`).
pub(super) const PUBLIC: [&str; 2] = ["CI", "NODE_ENV"];

/// Whether the environment is asked for a variable by this name: upper case, so that it is nothing that
/// `process.env` inherits as an object.
pub(super) fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_uppercase())
        && bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
