//! Where a file lies, and what lies around it.

use super::Files;

#[test]
fn places_and_what_decides_how_files_are_loaded() {
    let files = Files::new();
    let text = "import { a } from './a.mjs'\nexport default { a, b: 'x' }";
    let cases: &[(&str, &[u8], bool)] = &[
        ("a space", b"{}", true),
        ("umläut", b"{ \"type\": \"module\" }", true),
        ("(a)[b]{c},+@~!&=;$", b"{ \"type\": \"commonjs\", \"name\": \"x\" }", true),
        ("type", b"{ \"type\": \"nothing\" }", true),
        ("fields", b"{ \"main\": [], \"exports\": 1, \"imports\": 2, \"scripts\": 3 }", true),
        ("type2", b"{ \"type\": 1 }", false),
        ("name", b"{ \"name\": null }", false),
        ("name2", b"{ \"name\": \"\" }", false),
        ("name3", b"{ \"name\": \"/tmp\", \"exports\": {} }", false),
        ("name4", b"{ \"name\": \"@a/b-c.d\", \"exports\": {}, \"imports\": {} }", true),
        ("type3", b"{ \"type\": 1, \"type\": \"module\" }", false),
        ("exports", b"{ \"exports\": \"\\ud800\" }", false),
        ("with#mark", b"{}", false),
        ("with?mark", b"{}", false),
        ("with%20mark", b"{}", false),
        ("with*mark", b"{}", false),
        // Whose package.json some runtimes cannot read, and then refuse the module.
        ("broken", b"{", false),
        ("broken2", b"", false),
        ("broken3", b"null", false),
        ("broken4", b"[]", false),
        ("broken5", b"{} {}", false),
        ("broken6", b"{ \"name\": \"a\", }", false),
        ("broken7", b"{ \"name\": \"\xff\" }", false),
        ("broken8", b"\xef\xbb\xbf{}", false),
    ];
    let mut expected = Vec::new();
    for (dir, manifest, told) in cases {
        files.write(&format!("{dir}/package.json"), manifest);
        files.write(&format!("{dir}/a.mjs"), "export const a = 1");
        for extension in ["mjs", "ts"] {
            let name = format!("{dir}/vx.config.{extension}");
            files.write(&name, text);
            expected.push((name, *told));
        }
    }
    // Settings that some runtime might heed, and none does.
    for (at, settings) in [
        "{ broken",
        r#"{ "extends": "./missing.json" }"#,
        r#"{ "compilerOptions": { "target": "es3", "module": "commonjs", "verbatimModuleSyntax": true,
            "baseUrl": "./sub", "paths": { "./a.mjs": ["./b.mjs"], "*": ["./b.mjs"] } } }"#,
    ]
    .into_iter()
    .enumerate()
    {
        let manifest = r#"{ "browser": { "./a.mjs": "./b.mjs" }, "imports": { "./a.mjs": "./b.mjs" }, "sideEffects": false }"#;
        files.write(&format!("set{at}/package.json"), manifest);
        files.write(&format!("set{at}/tsconfig.json"), settings);
        files.write(&format!("set{at}/a.mjs"), "export const a = 1");
        files.write(&format!("set{at}/b.mjs"), "export const a = 'mapped'");
        let name = format!("set{at}/vx.config.ts");
        files.write(&name, text);
        expected.push((name, true));
    }
    // What is above the nearest package.json does not matter, but of what is imported it is another.
    files.write("broken/sound/package.json", "{}");
    files.write("broken/sound/vx.config.ts", "export default { a: 1 }");
    expected.push(("broken/sound/vx.config.ts".to_owned(), true));
    files.write("broken/sound/imports.mjs", "import { a } from '../a.mjs'; export default a");
    expected.push(("broken/sound/imports.mjs".to_owned(), false));
    files.write("node_modules/x/vx.config.mjs", "export default { a: 1 }");
    expected.push(("node_modules/x/vx.config.mjs".to_owned(), false));
    files.write("esm/latin.mjs", b"export default '\xe4'");
    expected.push(("esm/latin.mjs".to_owned(), false));
    files.write("esm/linked.mjs", "export default 1");
    std::os::unix::fs::symlink("linked.mjs", files.root().join("esm/link.mjs")).unwrap();
    expected.push(("esm/link.mjs".to_owned(), false));
    files.write("esm/own.cjs", "export default 1");
    files.write("esm/cjs.mjs", "import './own.cjs'; export default 1");
    expected.push(("esm/cjs.mjs".to_owned(), false));
    expected.push(("esm/gone.mjs".to_owned(), false));
    let names: Vec<String> = expected.iter().map(|(name, _)| name.clone()).collect();
    let is_told = |name: &str| expected.iter().find(|(other, _)| other == name).map(|one| one.1);
    files.compare(&names, is_told);
}

#[test]
fn below_a_directory_of_installed_packages_nothing_is_told() {
    let files = Files::new();
    files.write("esm/vx.config.mjs", "export default 1");
    let told = files.told(&["esm/vx.config.mjs".to_owned()], "node");
    assert_eq!(told, [Some(1.into())]);
    assert_eq!(files.told(&["esm/vx.config.mjs".to_owned()], "deno"), [None]);
}
