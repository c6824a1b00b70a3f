//! Texts of single configs: those that are plain data, and those that are left to the runtime.

use super::Files;

/// Plain data in JavaScript.
const TOLD: &[&str] = &[
    "export default {}",
    "export default { tasks: { build: { exec: { command: 'tsc -p .' }, cache: { inputs: { files: ['src/**'] } } } } }",
    "import { defineProject } from '@vzn/vx'\nexport default defineProject({ tasks: { a: { exec: { command: 'x' } } } })",
    "import { defineWorkspace as workspace, defineProject } from '@vzn/vx'; export default workspace({ a: defineProject([1]) })",
    "export default defineProject({ a: 1 }); import { defineProject } from '@vzn/vx'",
    "const config = { a: 1 }\nexport default config",
    "const config = { a: 1 }; export { config as default }",
    "export { config as default }; const config = { a: 1 }",
    "export const a = 1, b = [a]; export default { a, b, c: b }",
    "export default null",
    "export default 'text'",
    "export default [1, [2, []], {}]",
    "export default true",
    // Numbers.
    "export default [0, -0, +0, 1, -1, +1, 0.5, .5, 5., 1e3, 1E3, 1e+3, 1e-3, 1_000, 1_0.0_1, 123456789012345]",
    "export default [0x10, 0XfF, 0b101, 0o17, 0xdead_beef, 9007199254740991, -9007199254740991]",
    "export default [1e21, 1e20, 1.5e21, 1e-6, 1e-7, 1.5e-7, 5e-324, 1e300, 4.35, 0.1, 123.456, 1e22, 1e23, -1e21]",
    "export default [0.000001, 0.0000001, 1.1e-300, 2.5e+30, 10000000000000000, 9e15, 1.7e308]",
    // Texts.
    r#"export default ['', "", 'a"b', "a'b", '\'', "\"", '\\', '\n\r\t\b\f\v\0', '\x41', '\u0041', '\u{1F600}', '\u{41}']"#,
    r"export default ['\ud83d\ude00', '😀', 'ä€', '\a\c\d', '/', '\/', '\u00e4', 'e\u0301', '\u2028\u2029', '\ufeff', '\u007f']",
    "export default ['a\tb', 'שלום', '\u{e000}', '\u{ffff}', '\u{fffd}', '\u{200d}', '${a}', '`']",
    "export default [``, `a`, `a\nb`, `\\n\\``, `\\u{1F600}\\x41`, `$`, `$$`, `{}`, `\\${a}`, `'\"`]",
    "const a = 'x', n = 1.50, b = true; export default [`${a}`, `${a}${n}`, `-${b}-${null}-${-0}-${1e21}-${'y'}-${`z${a}`}`]",
    // Keys.
    "export default { a: 1, 'b': 2, \"c-d\": 3, ['e']: 4, 5: 5, 1.5: 6, 0x10: 7, 1e3: 8, '': 9, if: 10, default: 11, then: 12 }",
    "export default { 'ä': 1, '😀': 2, '\\n': 3, '\\u0041': 4, 'constructor': 5, toString: 6, hasOwnProperty: 7, toJSON: 8 }",
    "export default { a: 1, a: 2, b: 3, 'a': 4, 10: 'x', 2: 'y', 1e1: 'z', length: 1, prototype: 2 }",
    "const a = 1\nexport default { a }",
    // Spreads.
    "const a = { x: 1, y: 2 }, b = [1, 2]; export default { ...a, y: 3, z: [...b, 3, ...b, ...[]], ...{ q: 1 } }",
    "const a = { x: 1 }; export default { x: 0, ...a, ...{ x: undefined }, ...{} }",
    "const a = { x: undefined, y: 1 }; export default { x: 1, ...a }",
    "export default { a: undefined, b: { c: undefined } }",
    // What stands around it.
    "export default {} // comment",
    "/* a */ export /* b */ default /* c */ { /* d */ a /* e */ : /* f */ 1 /* g */ , } /* h */ ; ;",
    "\r\nexport default {\r\n  a: 1, // x\r\n  b: 'y'\r\n}\r\n",
    "\n\n\t export\tdefault\n{ a\n:\n1\n}",
    "export default ((({ a: (1), b: ('x') })))",
    "const a = 1\nconst b = 2\nexport default [a, b]\nconst c = [b]\nexport const d = c",
    "//# sourceMappingURL=nowhere.js.map\nexport default 1",
    "export default { a: 1, }",
    "export default { nope: 1, tasks: null }",
];

/// Plain data in TypeScript.
const TOLD_TYPED: &[&str] = &[
    "import type { ProjectConfig } from '@vzn/vx'\nexport default { tasks: {} } satisfies ProjectConfig",
    "import { type ProjectConfig, defineProject } from '@vzn/vx'\nconst a: ProjectConfig = { tasks: {} }\nexport default defineProject(a)",
    "export default { a: 1 } as const",
    "export default { a: 'x' as const, b: [1, 2] as readonly number[], c: (1 as any)! }",
    "const a = { x: 1 } as const satisfies { x: number }; export default { ...a, ...(a as any), b: a! }",
    "interface A { a: number; 'b-c'?: string[]; readonly d: { e: null } }\nexport interface B { a: A }\nexport default { a: 1 } as A as any",
    "type A = 'a' | 'b' | 1 | true\nexport type B = A[] & object\nconst a: A = 'a'\nexport default { a }",
    "type Tasks = Record<string, { command: string }>\nexport const tasks: Tasks = { a: { command: 'x' } }\nexport default { tasks }",
    "import type Any from './gone'\nimport { type A, type B as C } from '@vzn/vx'\nexport default 1",
    "export type * from './gone'\nexport type { A } from './gone'\nexport default [1 as number]",
    "export default 'x' satisfies string as string",
    "export default -1 as number",
];

/// What is left to the runtime, in JavaScript.
const LEFT: &[&str] = &[
    "",
    "const a = 1",
    "export const a = 1",
    "module.exports = {}",
    "export default undefined",
    "export default [undefined]",
    "export default [, 1]",
    "export default [1, ,]",
    "export default () => ({})",
    "export default function () {}",
    "export default class {}",
    "export default { a() { return 1 } }",
    "export default { get a() { return 1 } }",
    "export default { set a(b) {} }",
    "export default { a: () => 1 }",
    "export default { async a() {} }",
    "export default { a: 1n }",
    "export default { a: /x/ }",
    "export default { a: NaN }",
    "export default { a: Infinity }",
    "export default { a: 1e400 }",
    "export default { a: 0.30000000000000004 }",
    "export default { a: 9007199254740993 }",
    "export default { a: 12345678901234567890 }",
    "export default { a: 0xfffffffffffff }",
    "export default { a: 010 }",
    "export default { a: 08.5 }",
    "export default { a: '\\07' }",
    "export default { a: '\\ud800' }",
    "export default { '\\udc00': 1 }",
    "export default { a: `\\ud800` }",
    "export default { a: '\\\n' }",
    "export default { a: `a\r\nb` }",
    "export default { a: `\\u{110000}` }",
    "export default { __proto__: null }",
    "export default { __proto__: { a: 1 } }",
    "export default { '__proto__': { a: 1 } }",
    "export default { ['__proto__']: 1 }",
    "const __proto__ = 1; export default { __proto__ }",
    "export default { [`a`]: 1 }",
    "export default { ['a' + 'b']: 1 }",
    "export default { [1]: 1 }",
    "export default { \\u0061: 1 }",
    "export default { ä: 1 }",
    "export default { 1n: 1 }",
    "export default { a: 1 + 1 }",
    "export default { a: 'a' + 'b' }",
    "export default { a: !0 }",
    "export default { a: - -1 }",
    "export default { a: ~1 }",
    "export default { a: void 0 }",
    "export default { a: typeof 1 }",
    "export default { a: (1, 2) }",
    "export default { a: true ? 1 : 2 }",
    "export default { a: null ?? 1 }",
    "export default { a: [1][0] }",
    "export default { a: 'a'.length }",
    "export default { a: String(1) }",
    "export default { a: new Map() }",
    "export default { a: process.env.CI }",
    "export default { a: import.meta.url }",
    "export default { a: Math.max(1) }",
    "export default { ...null }",
    "export default { ...'ab' }",
    "export default { ...[1] }",
    "export default [...'ab']",
    "export default [...{}]",
    "export default Promise.resolve({})",
    "export default await 1",
    // Names.
    "export default { a }; const a = 1",
    "const a = b, b = 1; export default { a }",
    "const a = a; export default 1",
    "export default missing",
    "export default { a: globalThis }",
    "let a = 1; export default { a }",
    "var a = 1; export default { a }",
    "const { a } = { a: 1 }; export default { a }",
    "const [a] = [1]; export default { a }",
    "const a = 1; const a = 2; export default 1",
    "export const a = 1; export { a }; export default 1",
    "export default 1; export default 2",
    "export { missing }; export default 1",
    "export { undefined }; export default 1",
    "const undefined = 1; export default [undefined]",
    "const Object = 1; export default {}",
    "const exports = 1; export default {}",
    "const module = 1; export default {}",
    "const require = 1; export default {}",
    "const _default = 1; export default {}",
    "const jitiImport = 1; export default {}",
    "const async = 1; export default [async]",
    "const __filename = 1; export default {}",
    "export const then = 1; export default {}",
    "export const __esModule = 1; export default {}",
    "export function then(done) { done({ default: 1 }) } export default {}",
    "const a = 1; export { a as 'b c' }; export default {}",
    // Elsewhere something could fail or happen.
    "const a = undefined.b; export default 1",
    "const f = () => 1; export default 1",
    "function f() {} export default 1",
    "console.log(1); export default 1",
    "'use strict'; export default 1",
    "if (true) {} export default 1",
    "#!/usr/bin/env node\nexport default 1",
    "\u{feff}export default 1",
    "export default '\u{2028}'",
    "export default '\u{1}'",
    "// @bun\nexport default 1",
    "export default 1 // x\rexport const a = 2",
    "export default {",
    "export default 'a' 'b'",
    // This package.
    "import { defineProjekt } from '@vzn/vx'; export default {}",
    "import vx from '@vzn/vx'; export default {}",
    "import * as vx from '@vzn/vx'; export default vx.defineProject({})",
    "import { defineProject } from '@vzn/vx'; export default defineProject()",
    "import { defineProject } from '@vzn/vx'; export default defineProject({}, 1)",
    "import { defineProject } from '@vzn/vx'; export default defineProject(...[{}])",
    "import { defineProject } from '@vzn/vx'; export default defineProject?.({})",
    "import { defineProject } from '@vzn/vx'; export default defineProject",
    "import { defineProject } from '@vzn/vx'; export default { a: defineProject }",
    "import { defineProject } from '@vzn/vx'; const defineProject = 1; export default {}",
    "import { defineProject } from '@vzn/vx/lib'; export default defineProject({})",
    "import { Cache } from '@vzn/vx'; export default {}",
    "const defineProject = 1; export default defineProject({})",
    "export default defineProject({})",
];

/// The same in TypeScript.
const LEFT_TYPED: &[&str] = &[
    "enum A { a } export default { a: A.a }",
    "enum A { a } export default {}",
    "namespace A { export const a = 1 } export default {}",
    "declare const a: number; export default { a }",
    "declare module 'a' {} export default {}",
    "const a: number; export default {}",
    "const a!: number = 1; export default {}",
    "export default <any>{}",
    "export = {}",
    "import a = require('a'); export default {}",
    "import type { a } from './a'; export default { a }",
    "import { ProjectConfig } from '@vzn/vx'; export default {} as ProjectConfig",
    "import { defineProject } from '@vzn/vx'; export default defineProject<object>({})",
    "import type from './a.ts'; export default {}",
    "import { type type } from './a.ts'; export default {}",
    "type A<T> = T; export default {}",
    "type A = typeof a; const a = 1; export default {}",
    "type A = keyof object; export default {}",
    "interface A extends Object {} export default {}",
    "interface A { a(): void } export default {}",
    "interface A { a: string 'b': number } export default {}",
    "interface A { a: string /* , */ b: number } export default {}",
    "type type = 1; export default {}",
    "type A = 1; export type { A }; export default {}",
    "type A = 1; export { type A }; export default {}",
    "export type { A }; export default {}",
    "import type { A } from 'a' with { 'resolution-mode': 'import' }; export default {}",
    "import type * as a from 'a'; export default {}",
    "export type * as A from 'a'; export default {}",
    "export { type a, b } from './a.ts'; export default {}",
    "interface a {} const a = 1; export default {}",
    "interface A {} interface A {} export default {}",
    "import type { a } from './a'; const a = 1; export default {}",
    "export default {} as { new (): object }",
    "abstract class A {} export default {}",
    "export default interface A {}",
    "@x class A {} export default {}",
];

/// Files with each of the texts, in packages of every type.
fn written(files: &Files, kind: &str, texts: &[&str], extensions: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let dir = ["plain", "esm", "cjs"][at % 3];
        for extension in extensions {
            let name = format!("{dir}/{kind}{at}.{extension}");
            files.write(&name, text);
            names.push(name);
        }
    }
    names
}

#[test]
fn plain_data_is_what_every_runtime_gives() {
    let files = Files::new();
    let mut names = written(&files, "script", TOLD, &["mjs", "js", "ts"]);
    names.extend(written(&files, "typed", TOLD_TYPED, &["ts", "mts"]));
    assert_eq!(files.compare(&names, |_| Some(true)), names.len());
}

#[test]
fn everything_else_is_left_to_the_runtime() {
    let files = Files::new();
    let mut names = written(&files, "script", LEFT, &["mjs", "ts"]);
    names.extend(written(&files, "typed", LEFT_TYPED, &["ts"]));
    // And types in JavaScript.
    names.extend(written(&files, "untyped", &TOLD_TYPED[..9], &["mjs"]));
    assert_eq!(files.compare(&names, |_| Some(false)), 0);
}

#[test]
fn depth_and_size_have_limits() {
    let files = Files::new();
    let nested =
        |depth: usize| format!("export default {}{}", "[".repeat(depth), "]".repeat(depth));
    files.write("fits.mjs", nested(100));
    files.write("deep.mjs", nested(101));
    let repeated = |count: u32, line: &dyn Fn(u32) -> String| -> String {
        (1..count).map(line).collect::<Vec<_>>().concat()
    };
    let by_name = repeated(120, &|at| format!("const c{at} = [c{}];", at - 1));
    files.write("named.mjs", format!("const c0 = 1; {by_name} export default c99"));
    // Each stands for ten of the last.
    let tens =
        repeated(12, &|at| format!("const c{at} = [{}];", format!("c{},", at - 1).repeat(10)));
    files.write("wide.mjs", format!("const c0 = 1; {tens} export default 1"));
    let twice = repeated(60, &|at| format!("const c{at} = `${{c{0}}}${{c{0}}}`;", at - 1));
    files.write("long.mjs", format!("const c0 = 'x'; {twice} export default 1"));
    let names = ["fits.mjs", "deep.mjs", "named.mjs", "wide.mjs", "long.mjs"].map(str::to_owned);
    files.compare(&names, |name| Some(name == "fits.mjs"));
}
