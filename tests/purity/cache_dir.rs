//! What the text of a workspace config says of `cacheDir`.

use vx::purity::{LiteralCacheDir, Syntax, literal_cache_dir, with_deep_stack};

fn look(text: &str) -> LiteralCacheDir {
    with_deep_stack(1, || literal_cache_dir(text, Syntax::TypeScript))
        .expect("the stack is deep enough")
}

#[test]
fn a_literal_is_known() {
    let known = |dir: Option<&str>| LiteralCacheDir::Known(dir.map(str::to_owned));
    for (text, dir) in [
        ("export default {}", None),
        ("export default { concurrency: 4, volumes: { cacheDir: 'no' } }", None),
        ("export default { cacheDir: '.cache/vx' }", Some(".cache/vx")),
        ("export default { 'cacheDir': \"a\\u0062\" } as const satisfies X", Some("ab")),
        (
            "import { defineWorkspace } from '@vzn/vx'; export default defineWorkspace({ cacheDir: 'a' })",
            Some("a"),
        ),
        ("const config = { cacheDir: 'a' }; export default config", Some("a")),
        (
            "export const config = defineWorkspace({ cacheDir: 'a' as string }); export default config as X",
            Some("a"),
        ),
        // Live, and the directory is known nevertheless.
        (
            "import os from 'node:os'; export default { concurrency: os.cpus().length, cacheDir: 'a' }",
            Some("a"),
        ),
    ] {
        assert_eq!(look(text), known(dir), "{text}");
    }
}

#[test]
fn all_else_is_not() {
    for text in [
        "export default { cacheDir: dir }",
        "export default { cacheDir: `a` }",
        "export default { cacheDir: 'a' + 'b' }",
        "export default { cacheDir: process.env.CI ? 'a' : 'b' }",
        "export default { get cacheDir() { return 'a' } }",
        "export default { ['cacheDir']: 'a' }",
        "export default { ...base }",
        "export default { __proto__: base }",
        "export default make({ cacheDir: 'a' })",
        "export default defineWorkspace({ cacheDir: 'a' }, 1)",
        "export default defineWorkspace(config)",
        "let config = { cacheDir: 'a' }; export default config",
        "export default function () { return {} }",
        "export default () => ({})",
        "export default [",
        "module.exports = { cacheDir: 'a' }",
        "export const a = {}",
        "",
    ] {
        assert_eq!(look(text), LiteralCacheDir::Unknown, "{text}");
    }
}
