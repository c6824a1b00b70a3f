//! Values that come from other modules and from JSON files.

use super::Files;

const PRESETS: &[(&str, &str)] = &[
    (
        "presets/one.mjs",
        "export const a = 1, b = { x: [1], y: undefined }; export default { d: 1 }; export { a as again }",
    ),
    (
        "presets/typed.ts",
        "export interface T { a: number }\nexport type U = 'u'\nexport const typed: T = { a: 1 } as T",
    ),
    (
        "presets/two.mjs",
        "import { a } from './one.mjs'; export const two = [a, a]; export { b as c } from './one.mjs'",
    ),
    (
        "presets/barrel.ts",
        "export * from './one.mjs'; export * from './two.mjs'; export { default as d } from './one.mjs'; export const own = 1",
    ),
    ("presets/shadow.mjs", "export * from './one.mjs'; export const a = 'mine'"),
    ("presets/twice.mjs", "export * from './one.mjs'; export * from './shadow.mjs'"),
    ("presets/function.mjs", "export const a = 1; export const f = () => 1"),
    ("presets/impure.mjs", "export const a = 1; export const now = Date.now()"),
    ("presets/throws.mjs", "const x = undefined.x; export const a = 1"),
    ("presets/uses.mjs", "import { f } from './function.mjs'; export const a = 1"),
    ("presets/script.mjs", "const a = 1"),
    ("presets/empty.mjs", ""),
    ("presets/late.mjs", "export { a }; const a = [b]; const b = 1"),
    ("presets/default.mjs", "const a = 1; export { a as default, a }"),
    ("presets/enum.ts", "export enum E { a } export const a = 1"),
    ("presets/then.mjs", "export const a = 1; export function then(f) { f({ a: 2 }) }"),
    ("presets/ring1.mjs", "import { b } from './ring2.mjs'; export const a = 1"),
    ("presets/ring2.mjs", "import { a } from './ring1.mjs'; export const b = 1"),
    (
        "presets/data.json",
        r#"{ "a": [1, "\u00e4", null, { "b": true }], "a b": -5, "c": 1, "c": 2 }"#,
    ),
    ("presets/list.json", "[1, 2]\n"),
    ("presets/float.json", "[0.1]"),
    ("presets/odd.json", r#"{ "default": 1 }"#),
    ("presets/odd2.json", r#"{ "__esModule": true, "a": 1 }"#),
    ("presets/comment.json", "{} // x"),
    ("presets/bom.json", "\u{feff}{}"),
    ("presets/text.json", "\"a\""),
];

/// Imports, an expression that uses them, and whether the value is told.
const CASES: &[(&str, &str, bool)] = &[
    ("import { a, b } from '../presets/one.mjs'", "{ a, ...b, b }", true),
    ("import d, { a as z, again } from '../presets/one.mjs'", "[d, z, again]", true),
    ("import { default as d } from '../presets/one.mjs'", "d", true),
    ("import '../presets/one.mjs'", "1", true),
    ("import {} from '../presets/one.mjs'", "1", true),
    ("import { two, c } from '../presets/two.mjs'", "{ two, c, z: [...two] }", true),
    ("import { a, b, two, c, d, own } from '../presets/barrel.ts'", "[a, b, two, c, d, own]", true),
    ("import { a, again } from '../presets/shadow.mjs'", "[a, again]", true),
    ("import a, { a as b } from '../presets/default.mjs'", "[a, b]", true),
    ("import data from '../presets/data.json' with { type: 'json' }", "{ ...data, data }", true),
    ("import list from '../presets/list.json' with { type: 'json' }", "[...list, list]", true),
    ("export { a } from '../presets/one.mjs'; export * from '../presets/two.mjs'", "1", true),
    ("export { default as data } from '../presets/data.json' with { type: 'json' }", "1", true),
    ("import { default as data } from '../presets/data.json' with { type: 'json' }", "data", true),
    ("import data from '../presets/data.json' with { 'type': \"json\", }", "data", true),
    // The same module twice, and unused.
    ("import { a } from '../presets/one.mjs'; import { b } from '../presets/one.mjs'", "a", true),
    // Left to the runtime.
    ("import { a } from '../presets/\\u006fne.mjs'", "a", false),
    ("import { a } from '../presets/one.mjs' with {}", "a", false),
    ("import { b as x } from '../presets/one.mjs'", "{ ...x.y }", false),
    ("import * as all from '../presets/one.mjs'", "1", false),
    ("export * as all from '../presets/one.mjs'", "1", false),
    ("import { missing } from '../presets/one.mjs'", "1", false),
    ("import { again } from '../presets/twice.mjs'", "again", false),
    ("import { a } from '../presets/function.mjs'", "a", false),
    ("import { a } from '../presets/uses.mjs'", "a", false),
    ("import { a } from '../presets/impure.mjs'", "a", false),
    ("import { a } from '../presets/throws.mjs'", "a", false),
    ("import '../presets/throws.mjs'", "1", false),
    ("import '../presets/script.mjs'", "1", false),
    ("import '../presets/empty.mjs'", "1", false),
    ("import { a } from '../presets/late.mjs'", "a", false),
    ("import { a } from '../presets/enum.ts'", "a", false),
    ("import { a } from '../presets/then.mjs'", "a", false),
    ("import { a } from '../presets/ring1.mjs'", "a", false),
    ("import a from '../presets/float.json' with { type: 'json' }", "a", false),
    ("import a from '../presets/odd.json' with { type: 'json' }", "a", false),
    ("import a from '../presets/odd2.json' with { type: 'json' }", "a", false),
    ("import a from '../presets/comment.json' with { type: 'json' }", "a", false),
    ("import a from '../presets/bom.json' with { type: 'json' }", "a", false),
    ("import a from '../presets/text.json' with { type: 'json' }", "a", false),
    ("import data from '../presets/data.json'", "data", false),
    ("import { a } from '../presets/one'", "a", false),
    ("import { a } from '../presets/gone.mjs'", "a", false),
    ("import { a } from 'somewhere'", "a", false),
    ("import { a } from '../presets/one.mjs'; const b = a, a = 1", "b", false),
    (
        "import { a } from '../presets/one.mjs'; import { again as a } from '../presets/one.mjs'",
        "a",
        false,
    ),
];

#[test]
fn what_is_imported_counts_where_all_of_it_is_plain_data() {
    let files = Files::new();
    for (name, text) in PRESETS {
        files.write(name, text);
    }
    let mut expected = Vec::new();
    for (at, (imports, expression, told)) in CASES.iter().enumerate() {
        for extension in ["mjs", "ts"] {
            let name = format!("{}/case{at}.{extension}", ["plain", "esm", "cjs"][at % 3]);
            files.write(&name, format!("{imports}\nexport default {expression}\n"));
            expected.push((name, *told));
        }
    }
    let types = "import { type T, typed } from '../presets/typed.ts'\nimport type { U } from '../presets/typed.ts'";
    files.write(
        "esm/types.ts",
        format!("{types}\nexport default {{ ...typed, u: 'u' as U }} satisfies T"),
    );
    expected.push(("esm/types.ts".to_owned(), true));
    files.write("esm/value.ts", "import { T } from '../presets/typed.ts'\nexport default {} as T");
    expected.push(("esm/value.ts".to_owned(), false));
    let names: Vec<String> = expected.iter().map(|(name, _)| name.clone()).collect();
    let is_told = |name: &str| expected.iter().find(|(other, _)| other == name).map(|one| one.1);
    files.compare(&names, is_told);
}
