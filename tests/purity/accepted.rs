//! Modules that are accepted.

use vx::purity::{Import, Specifier, Syntax};

use super::{read, read_as};

const PURE: &[&str] = &[
    // Data.
    "export default {}",
    "export default { tasks: { build: { exec: { command: 'tsc -p .' }, dependsOn: ['^build'] } } }",
    "const config = { a: 1, 'b-c': [true, null, -1, +2, 1.5], [`d${1}`]: `e${2}` }; export default config",
    "export { config as default }; const config = {}",
    "'use strict'; export default {};;",
    "export default { a: undefined, b: NaN, c: Infinity, d: void 0, e: typeof 1 }",
    "export default { ...{ a: 1 }, b: [...[1], ...'ab'], f: [, 1] }",
    "#!/usr/bin/env node\nexport default {}",
    "\u{feff}export default {}",
    // Types.
    "interface Tasks { build: string }\ntype Name = keyof Tasks\nexport type { Name }\nexport default {} as const",
    "import type { Project } from 'anywhere'; export default { a: 1 } satisfies Project as Project",
    "import type { Project } from './gone'; const a: Project = {} as any; export default a!",
    "export type * from './types'; export default {}",
    "function lib<T extends string>(name: T, more?: object): { name: T } { return { name } } export default lib<'a'>('a')",
    // Names shadowed by the module's own.
    "const process = { env: { token: 1 } }; export default { a: process.env.token }",
    "const Date = { now: 1 }; export default { a: Date.now }",
    "const f = (fetch: number) => fetch; export default f(1)",
    // Functions.
    "const lib = (name = 'x', { a, b: [c], ...rest } = { a: 1, b: [2] }, ...more) => ({ name, a, c, rest, more }); export default lib('a')",
    "export default make('a'); function make(name) { if (name) { return { name } } else return {}; }",
    "const o = { lib(name) { return { name } }, arrow: () => 1, named: function f() { return f } }; export default { a: o.arrow }",
    "const twice = (f) => (x) => f(f(x)); export default { a: twice((x) => x + 1)(1) }",
    "export default (() => ({ a: 1 }))()",
    "const [a, , b = 2, ...c] = [1]; let { d, e: { f }, ...g } = { d: 1, e: { f: 1 } }; export default { a, b, c, d, f, g }",
    // Built-ins.
    "export default Object.fromEntries(['a', 'b'].map((name) => [name, { exec: { command: name } }]))",
    "export default { a: Object.keys({}).length, b: Object.entries({}), c: Object.values({}), d: Object.assign({}, { a: 1 }) }",
    "export default Object.freeze({ a: Math.max(1, 2), b: JSON.parse('1'), c: JSON.stringify({}), d: Number.MAX_SAFE_INTEGER })",
    "export default { a: [...new Set(['a'])], b: new Map([['a', 1]]).get('a'), c: ['1', ''].map(Number), d: ['a'].filter(Boolean) }",
    "export default { a: 'a/b'.split('/').at(-1)?.toUpperCase(), b: 'x'.replace(/x/i, 'y'), c: /x/.test('x'), d: String(1) }",
    "export default { a: Array.from({ length: 3 }, (_, n) => n), b: Array.isArray([]), c: ['a'].includes('a') }",
    "const names = ['a']; export default { [names[0]]: { a: 1 }['a'], b: names?.[0]?.length, c: 'a' in { a: 1 } }",
    "export default { a: 1 + 2 * 3 - 4 / 5 % 6 ** 7, b: 1 < 2 && 'a' >= 'b' || (1 & 2 | 3 ^ ~4) === 5, c: null ?? 1 }.a",
    // Imports.
    "import { defineProject } from '@vzn/vx'; export default defineProject({ tasks: {} })",
    "import { defineWorkspace as define } from \"@vzn/vx\"; export default define({ concurrency: 4 })",
    "import { type ProjectConfig } from '@vzn/vx'; export default {} as ProjectConfig",
    "import preset, { lib as make } from '../../presets/lib.ts'; import * as all from './all.mjs'; export default { ...preset, a: make('a'), b: all.build({}) }",
    "import './nothing.js'; export * from './a.mts'; export * as b from './b.js'; export { c, default as d } from './c.ts'; export default {}",
    "import data from './data.json' with { type: 'json' }; export default { a: data.name, ...data }",
    // The environment: questions.
    "export default process.env.CI ? { a: 1 } : { b: process.env.CI, c: `${process.env.NODE_ENV ?? 'development'}` }",
    "export default { a: process.env.TOKEN ? 'y' : 'n', b: !process.env.TOKEN, c: !!process.env['TOKEN'], d: process.env.A === 'x' }",
    "export default { ...(process.env.A && { a: 1 }), b: Boolean(process.env.B), c: process.env.C !== undefined }",
    "const a = process.env.A; export default a === 'x' ? { b: 1 } : { c: !a, d: a ? 1 : 2 }",
    "const mode = process.env.MODE ?? 'dev'; const f = () => { if (mode) return mode === 'dev' }; export default { a: f() }",
    "const { CI, MODE = 'dev', OTHER: other } = process.env; export default { a: CI, b: MODE === 'dev', c: other ? 1 : 2 }",
    "export default { a: (process.env.A ? process.env.B : process.env.C) === 'x', b: (process.env.D || process.env.E) ? 1 : 2 }",
    "export default { a: process.env.A! === 'x', b: (process.env.B as string) == 'y' }",
];

#[test]
fn pure_modules_are_accepted() {
    let wrong: Vec<String> = PURE
        .iter()
        .filter_map(|text| read(text).err().map(|impurity| format!("{impurity}: {text}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn javascript_is_not_read_as_typescript() {
    read_as("export default { a: 1 }", Syntax::JavaScript).unwrap();
    read_as("export default { a: 1 as number }", Syntax::JavaScript).unwrap_err();
    // Two type arguments and a call in one language, two comparisons in the other.
    let text = "const f = 1, a = 2, b = 3, c = 4; export default [f < a, b > (c)]";
    read_as(text, Syntax::JavaScript).unwrap();
    assert_eq!(Syntax::of("a.b.mts"), Syntax::TypeScript);
    assert_eq!(Syntax::of("a.ts.mjs"), Syntax::JavaScript);
}

#[test]
fn what_a_module_reads_takes_and_gives_is_told() {
    let module = read(
        "import preset, { lib } from '../lib.ts'
         import { defineProject } from '@vzn/vx'
         import data from './x.json' with { type: 'json' }
         import type { T } from './types.ts'
         export * from './more.mjs'
         export const a = process.env.B_1 ? 1 : 2, b = 2
         export function c() { return process.env.CI }
         export interface D {}
         export { lib as e, type T }
         const { A } = process.env
         export default defineProject({ a: !A, preset, data })",
    );
    let module = module.unwrap();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let import = |specifier, list: &[&str]| Import { specifier, names: names(list) };
    let expected = [
        import(Specifier::Module("../lib.ts".into()), &["default", "lib"]),
        import(Specifier::OwnPackage, &["defineProject"]),
        import(Specifier::Json("./x.json".into()), &["default"]),
        import(Specifier::Module("./more.mjs".into()), &[]),
    ];
    assert_eq!(module.imports, expected);
    assert_eq!(module.stars, [3]);
    assert_eq!(module.exports.into_iter().collect::<Vec<_>>(), ["a", "b", "c", "default", "e"]);
    assert_eq!(module.variables.into_iter().collect::<Vec<_>>(), ["A", "B_1", "CI"]);
}
