//! Random texts, JSON files and manifests with a few random changes.

use super::Files;
use super::generator::{PRESET, Random, Writer};

/// So many texts are changed; `VX_LITERAL_SEEDS` asks for more.
fn seeds() -> u64 {
    let asked = std::env::var("VX_LITERAL_SEEDS").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(1_000)
}

const DATA: &str =
    r#"{ "a": [1, -2, "\u00e4\n", null, true, { "b": {} }], "a b": "ä😀", "c": 1, "d": [] }"#;

const MANIFEST: &str = r#"{ "name": "x", "version": "1.0.0", "type": "module", "main": "a.js", "exports": { ".": "./a.js" } }"#;

/// What changed texts may have somewhere.
const PIECES: &[&str] = &[
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u{a0}",
    "\u{feff}",
    ";",
    ",",
    ".",
    ":",
    "?",
    "!",
    "!.",
    "?.",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "`",
    "\\",
    "/",
    "*",
    "/*",
    "*/",
    "//",
    "<!--",
    "-->",
    "#",
    "@",
    "$",
    "${",
    "=",
    "==",
    "=>",
    "+",
    "-",
    "--",
    "_",
    "n",
    "e",
    "E",
    "0",
    "9",
    "0x",
    "0b",
    "1_",
    ".5",
    "\\u",
    "\\x",
    "\\u{",
    "\\ud800",
    "ä",
    "😀",
    "\u{2028}",
    " as ",
    " as const",
    " satisfies ",
    "any",
    "<any>",
    "type ",
    "const ",
    "let ",
    "export ",
    "default ",
    "import ",
    "from ",
    "async ",
    "get ",
    "static ",
    "undefined",
    "null",
    "this",
    "await ",
    "yield ",
    "new ",
    "typeof ",
    "void ",
    "in ",
    "of ",
    "...",
    "__proto__",
    "constructor",
    "v0",
    "v1",
    "name",
    "preset",
    "defineProject",
    "defineProject(",
    "declare ",
    "interface ",
    "enum ",
    "abstract ",
    "readonly ",
    "accessor ",
    "using ",
];

impl Random {
    /// A text with one or two changes.
    fn changed(&mut self, text: &str) -> String {
        let mut text: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(2) {
            let at = usize::try_from(self.below(text.len() as u64)).unwrap();
            let piece = self.one(PIECES);
            match self.below(3) {
                0 => drop(text.splice(at..at, piece.chars())),
                1 => drop(text.remove(at)),
                _ => drop(text.splice(at..=at, piece.chars())),
            }
        }
        text.into_iter().collect()
    }
}

/// Texts with a few changes: most are no modules any more, and those that still are may be odd.
#[test]
fn changed_texts_are_what_every_runtime_gives() {
    let files = Files::new();
    files.write("presets/random.mjs", PRESET);
    let mut names = Vec::new();
    for seed in 0..seeds() {
        let (typed, dir) = (seed % 2 == 0, ["plain", "esm", "cjs"][(seed % 3) as usize]);
        let mut random = Random(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let text = random.changed(&Writer::module(seed, typed));
        let name = format!("{dir}/changed{seed}.{}", if typed { "ts" } else { "mjs" });
        files.write(&name, text);
        names.push(name);
    }
    let told = files.compare(&names, |_| None);
    assert!(told > names.len() / 20, "only {told} of {} are told", names.len());
}

/// JSON with a few changes, as what is imported and as what says how modules are loaded.
#[test]
fn changed_json_is_what_every_runtime_reads() {
    let files = Files::new();
    let mut names = Vec::new();
    for seed in 0..seeds() / 2 {
        let mut random = Random(seed.wrapping_mul(0xa076_1d64_78bd_642f));
        let (data, manifest) = match seed % 2 {
            0 => (random.changed(DATA), MANIFEST.to_owned()),
            _ => (DATA.to_owned(), random.changed(MANIFEST)),
        };
        files.write(&format!("json{seed}/data.json"), data);
        files.write(&format!("json{seed}/package.json"), manifest);
        let name = format!("json{seed}/vx.config.{}", if seed % 4 < 2 { "ts" } else { "mjs" });
        files.write(&name, "import data from './data.json' with { type: 'json' }\nexport default { data, ...data }");
        names.push(name);
    }
    let told = files.compare(&names, |_| None);
    assert!(told > names.len() / 20, "only {told} of {} are told", names.len());
}
