//! Random texts of plain data.

use std::fmt::Write as _;

use super::Files;

const SEEDS: u64 = 2_000;

/// What the random modules import.
pub const PRESET: &str = "export default { a: 1, z: { y: [1, 'x'] }, 'u': undefined }
export const list = [1, [2]], word = 'w'";

/// A small generator of numbers.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn often(&mut self, of: u64) -> bool {
        self.below(of) != 0
    }
}

/// A module while it is being written.
pub struct Writer {
    random: Random,
    typed: bool,
    /// The names so far: of objects, of arrays, of texts and numbers.
    names: [Vec<String>; 3],
}

impl Writer {
    pub fn module(seed: u64, typed: bool) -> String {
        let mut it = Self { random: Random(seed), typed, names: Default::default() };
        let mut text = String::new();
        let wrap = it.random.often(3);
        if wrap {
            text.push_str("import { defineProject } from '@vzn/vx'\n");
        }
        if it.random.often(2) {
            text.push_str("import preset, { list, word as name } from '../presets/random.mjs'\n");
            for (kind, name) in ["preset", "list", "name"].into_iter().enumerate() {
                it.names[kind].push(name.to_owned());
            }
        }
        if typed && it.random.often(2) {
            text.push_str("interface Shape { a?: string; 'b-c': readonly number[] | null }\n");
        }
        for at in 0..it.random.below(5) {
            let kind = it.random.below(3);
            let value = it.of_kind(kind, 2);
            let name = format!("v{at}");
            let export = it.random.one(&["", "", "export "]);
            let annotation = if typed { it.random.one(&["", ": any", ": unknown"]) } else { "" };
            let end = it.random.one(&["\n", ";\n", "; ", " // x\n"]);
            let _ = write!(text, "{export}const {name}{annotation} = {value}{end}");
            it.names[usize::try_from(kind).unwrap()].push(name);
        }
        let value = it.of_kind(0, 4);
        let value = if wrap { format!("defineProject({value})") } else { value };
        if it.random.often(4) {
            let _ = write!(text, "export default {value}");
        } else {
            let _ = write!(text, "const last = {value}\nexport {{ last as default }}");
        }
        text
    }

    fn of_kind(&mut self, kind: u64, depth: u64) -> String {
        let plain = match kind {
            0 => self.object(depth),
            1 => self.list(depth),
            _ if self.random.often(2) => self.text(),
            _ => self.number(),
        };
        self.wrapped(plain)
    }

    fn wrapped(&mut self, plain: String) -> String {
        let space = self.random.one(&["", " ", "\n", " /* * */ "]);
        match self.random.below(12) {
            0 => format!("({space}{plain}{space})"),
            1 if self.typed => format!("({plain} as any)"),
            2 if self.typed => format!("({plain}{space}satisfies unknown)"),
            3 if self.typed => format!("({plain})!"),
            _ => plain,
        }
    }

    fn value(&mut self, depth: u64) -> String {
        let kind = self.random.below(if depth == 0 { 4 } else { 8 });
        match kind {
            0 => self.random.one(&["true", "false", "null", "1", "''"]).to_owned(),
            1 => {
                let number = self.number();
                self.wrapped(number)
            }
            2 | 3 => self.of_kind(2, depth),
            4 | 5 => self.of_kind(0, depth - 1),
            6 => self.of_kind(1, depth - 1),
            _ => self.name().unwrap_or_else(|| "[[]]".to_owned()),
        }
    }

    fn name(&mut self) -> Option<String> {
        let all: Vec<String> = self.names.iter().flatten().cloned().collect();
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        (!names.is_empty()).then(|| self.random.one(&names).to_owned())
    }

    fn spread(&mut self, kind: usize, depth: u64) -> String {
        let names = self.names[kind].clone();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.is_empty() || !self.random.often(3) {
            return format!("...{}", self.of_kind(kind as u64, depth.saturating_sub(1)));
        }
        format!("...{}", self.random.one(&names))
    }

    fn list(&mut self, depth: u64) -> String {
        let mut items = Vec::new();
        for _ in 0..self.random.below(4) {
            let item = if self.random.often(5) { self.value(depth) } else { self.spread(1, depth) };
            items.push(item);
        }
        let end = if items.is_empty() { "" } else { self.random.one(&["", ",", " , "]) };
        format!("[{}{end}]", items.join(self.random.one(&[", ", ",", ",\n"])))
    }

    fn object(&mut self, depth: u64) -> String {
        let mut properties = Vec::new();
        for _ in 0..self.random.below(6) {
            let property = match self.random.below(10) {
                0 => self.spread(0, depth),
                1 => self.name().unwrap_or_else(|| "a: undefined".to_owned()),
                2 => format!("{}: undefined", self.key()),
                _ => {
                    let key = self.key();
                    let space = self.random.one(&["", " ", "\n"]);
                    format!("{key}{space}:{space}{}", self.value(depth))
                }
            };
            properties.push(property);
        }
        let end = if properties.is_empty() { "" } else { self.random.one(&["", ",", " , "]) };
        format!("{{{}{end}}}", properties.join(self.random.one(&[", ", ",", ",\n"])))
    }

    fn key(&mut self) -> String {
        match self.random.below(6) {
            0 => {
                let text = self.quoted();
                format!("[{text}]")
            }
            1 => self.quoted(),
            2 => self
                .random
                .one(&["1", "0x1F", "1e3", "1.5", "0", "10", "1e21", ".5", "1_0"])
                .to_owned(),
            _ => self
                .random
                .one(&[
                    "a",
                    "b",
                    "tasks",
                    "if",
                    "class",
                    "then",
                    "$",
                    "_a",
                    "constructor",
                    "toString",
                    "async",
                ])
                .to_owned(),
        }
    }

    fn number(&mut self) -> String {
        let sign = self.random.one(&["", "", "", "-", "+", "- "]);
        let digits = |random: &mut Random| {
            let length = u32::try_from(random.below(9) + 1).unwrap();
            random.below(10_u64.pow(length))
        };
        let random = &mut self.random;
        let number = match random.below(9) {
            0 => format!("0x{:X}", random.below(1 << 31)),
            1 => format!("0b{:b}", random.below(1 << 20)),
            2 => format!("0o{:o}", random.below(1 << 31)),
            3 => format!("{}.{}", digits(random), digits(random)),
            4 => format!(".{}", digits(random)),
            5 => format!("{}e{}", digits(random), random.below(30)),
            6 => format!("{}.{}E-{}", digits(random), random.below(1000), random.below(30)),
            7 => random
                .one(&["1_000", "1_0.0_1", "5.", "0", "1e400", "9007199254740993", "1e308"])
                .to_owned(),
            _ => digits(random).to_string(),
        };
        format!("{sign}{number}")
    }

    /// What stands between quotes, for any of them.
    fn characters(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.random.below(6) {
            let part = self.random.one(&[
                "a",
                "b c",
                "ä",
                "😀",
                "\\n",
                "\\t",
                "\\\\",
                "\\'",
                "\\\"",
                "\\`",
                "\\x41",
                "\\u0041",
                "\\u{1F600}",
                "\\u{0}",
                "\\0",
                "\\v",
                "\\q",
                "/",
                "//",
                "/*",
                "*/",
                "\\u2028",
                "\\ud83d\\ude00",
                "\\uD800",
                "\u{fffd}",
                "\u{a0}",
                "{}",
                "$",
                "\\$",
                "e\u{301}",
                "\u{10ffff}",
                "\t",
                "<!--",
            ]);
            // A lone half is left to the runtime: seldom, or everything would be.
            let part = if part == "\\uD800" && self.random.often(8) { "x" } else { part };
            text.push_str(part);
        }
        text
    }

    fn quoted(&mut self) -> String {
        let quote = self.random.one(&["'", "\""]);
        format!("{quote}{}{quote}", self.characters())
    }

    fn text(&mut self) -> String {
        if self.random.often(3) {
            return self.quoted();
        }
        let mut text = self.characters();
        for _ in 0..self.random.below(3) {
            let names = self.names[2].clone();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let between = match self.random.below(3) {
                0 if !names.is_empty() => self.random.one(&names).to_owned(),
                1 => self.number(),
                _ => self.quoted(),
            };
            // Not to be taken for an escaped or a longer `$`.
            let _ = writeln!(text, " ${{{between}}}{}", self.characters());
        }
        format!("`{text}`")
    }
}

#[test]
fn random_data_is_what_every_runtime_gives() {
    let files = Files::new();
    files.write("presets/random.mjs", PRESET);
    let mut names = Vec::new();
    let dirs = ["plain", "esm", "cjs"].into_iter().cycle();
    for (seed, dir) in (0..SEEDS).zip(dirs) {
        let typed = seed % 4 == 0;
        let extension = if typed { "ts" } else { "mjs" };
        let name = format!("{dir}/random{seed}.{extension}");
        files.write(&name, Writer::module(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), typed));
        names.push(name);
    }
    let told = files.compare(&names, |_| None);
    assert!(told > names.len() / 2, "only {told} of {} are told", names.len());
}
