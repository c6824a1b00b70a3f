//! Workspaces on disk, as npm, yarn, Bun and pnpm lay them out.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vx::error::Coded;
use vx::path::RelPath;
use vx::workspace::{Workspace, WorkspaceError};

/// A directory with these files in it.
fn tree(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let root = dir.path().canonicalize().expect("its real path");
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    (dir, root)
}

fn dirs(workspace: &Workspace) -> Vec<&str> {
    workspace.projects().iter().map(|project| project.dir.as_str()).collect()
}

fn dependencies(workspace: &Workspace, name: &str) -> Vec<String> {
    let project = workspace.by_name(name).expect("a project of that name");
    let names = workspace[project].dependencies.iter().map(|ix| workspace[*ix].name.clone());
    names.collect()
}

fn refused(cwd: &Path) -> WorkspaceError {
    Workspace::discover(cwd).expect_err("an error")
}

#[test]
fn npm_workspaces_from_anywhere_inside() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"name":"root","workspaces":["packages/*","tools/cli"]}"#),
        ("packages/a/package.json", r#"{"name":"@s/a"}"#),
        ("packages/a/src/deep/x.ts", ""),
        ("packages/b/package.json", r#"{"name":"@s/b"}"#),
        ("packages/no-manifest/x.ts", ""),
        ("packages/b/node_modules/dep/package.json", r#"{"name":"dep"}"#),
        ("tools/cli/package.json", r#"{"name":"cli"}"#),
        ("tools/other/package.json", r#"{"name":"other"}"#),
        ("docs/x.md", ""),
    ]);
    for cwd in ["", "packages", "packages/a/src/deep", "tools/cli", "docs"] {
        let workspace = Workspace::discover(&root.join(cwd)).unwrap();
        assert_eq!(workspace.root(), root, "{cwd}");
        assert_eq!(dirs(&workspace), ["", "packages/a", "packages/b", "tools/cli"], "{cwd}");
    }
    let workspace = Workspace::discover(&root).unwrap();
    let a = workspace.by_name("@s/a").unwrap();
    assert_eq!(workspace.by_dir("packages/a"), Some(a));
    assert_eq!(workspace[a].manifest.as_str(), "packages/a/package.json");
    assert_eq!(workspace.by_name("@s/x"), None);
}

#[test]
fn a_package_outside_of_the_patterns_is_its_own_workspace() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"name":"root","workspaces":{"packages":["packages/*"]}}"#),
        ("packages/a/package.json", r#"{"name":"a"}"#),
        ("examples/x/package.json", r#"{"name":"x"}"#),
        ("examples/x/src/y.ts", ""),
    ]);
    let workspace = Workspace::discover(&root.join("examples/x/src")).unwrap();
    assert_eq!(workspace.root(), root.join("examples/x"));
    assert_eq!(dirs(&workspace), [""]);
    assert_eq!(workspace.projects()[0].name, "x");
}

#[test]
fn pnpm_goes_before_workspaces_and_its_negations_always_count() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"name":"root","workspaces":["ignored/*"]}"#),
        (
            "pnpm-workspace.yaml",
            "packages:\n  - 'packages/**'\n  - '!**/fixtures/**'\n  - packages/a/fixtures/no\n",
        ),
        ("ignored/i/package.json", "{}"),
        ("packages/a/package.json", r#"{"name":"a"}"#),
        ("packages/a/sub/b/package.json", r#"{"name":"b"}"#),
        ("packages/a/fixtures/no/package.json", r#"{"name":"no"}"#),
        ("packages/a/node_modules/c/package.json", r#"{"name":"c"}"#),
    ]);
    let workspace = Workspace::discover(&root.join("packages/a/sub/b")).unwrap();
    assert_eq!(dirs(&workspace), ["", "packages/a", "packages/a/sub/b"]);
}

#[test]
fn a_pnpm_workspace_with_settings_alone_leaves_workspaces_in_charge() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"workspaces":["p/*"]}"#),
        ("pnpm-workspace.yaml", "onlyBuiltDependencies:\n  - esbuild\n"),
        ("p/a/package.json", "{}"),
    ]);
    assert_eq!(dirs(&Workspace::discover(&root).unwrap()), ["", "p/a"]);
}

#[test]
fn a_workspace_config_marks_the_root() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"workspaces":["inner"]}"#),
        ("inner/vx.workspace.mts", ""),
        ("inner/package.json", r#"{"name":"inner"}"#),
        ("inner/a/package.json", r#"{"name":"a"}"#),
    ]);
    let workspace = Workspace::discover(&root.join("inner/a")).unwrap();
    assert_eq!(workspace.root(), root.join("inner"));
    assert_eq!(workspace.config_file(), Some(root.join("inner/vx.workspace.mts").as_path()));
    assert_eq!(dirs(&workspace), [""]);
}

#[test]
fn a_root_without_a_manifest_is_no_project() {
    let (_dir, root) =
        tree(&[("pnpm-workspace.yaml", "packages: ['*']"), ("a/package.json", "{}"), ("b/x", "")]);
    let workspace = Workspace::discover(&root.join("b")).unwrap();
    assert_eq!(dirs(&workspace), ["a"]);
    assert_eq!(workspace.holding(&RelPath::new("b/x").unwrap()), None);
}

#[test]
fn a_single_package() {
    let (_dir, root) = tree(&[("package.json", "{}"), ("src/x.ts", ""), ("vx.config.js", "")]);
    let workspace = Workspace::discover(&root.join("src")).unwrap();
    assert_eq!(workspace.root(), root);
    let [project] = workspace.projects() else { panic!("one project") };
    assert_eq!(project.name, ".");
    assert_eq!(project.config_file, Some(root.join("vx.config.js")));
}

#[test]
fn nothing_at_all_is_a_clear_error() {
    let (_dir, root) = tree(&[("src/x.ts", "")]);
    // Temporary directories may themselves lie below some package; then there is nothing to test.
    let above = root.ancestors().any(|dir| dir.join("package.json").exists());
    if !above {
        let error = refused(&root.join("src"));
        assert_eq!(error.code(), "VX_NO_WORKSPACE");
        assert!(error.to_string().contains(&*root.to_string_lossy()), "{error}");
    }
    assert_eq!(refused(&root.join("absent")).code(), "VX_WORKSPACE_UNREADABLE");
}

#[test]
fn dependencies_inside_of_the_workspace() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"name":"root","workspaces":["p/*"],"devDependencies":{"core":"*"}}"#),
        (
            "p/core/package.json",
            r#"{"name":"core","devDependencies":{"core":"*","ui":"workspace:*"}}"#,
        ),
        (
            "p/ui/package.json",
            r#"{"name":"ui","peerDependencies":{"core":">=1"},"dependencies":{"react":"19"}}"#,
        ),
        (
            "p/app/package.json",
            r#"{"name":"app","dependencies":{"core":"^1","alias":"workspace:ui@*","core":"^2"},
                "optionalDependencies":{"linked":"link:../tools"},"devDependencies":{"ui":"workspace:*"}}"#,
        ),
        (
            "p/tools/package.json",
            r#"{"name":"@s/tools","dependencies":{"core":"npm:other@1","ui":"github:x/ui"}}"#,
        ),
    ]);
    let workspace = Workspace::discover(&root).unwrap();
    assert_eq!(dependencies(&workspace, "root"), ["core"]);
    assert_eq!(dependencies(&workspace, "core"), ["ui"]);
    assert_eq!(dependencies(&workspace, "ui"), ["core"]);
    assert_eq!(dependencies(&workspace, "app"), ["core", "@s/tools", "ui"]);
    assert_eq!(dependencies(&workspace, "@s/tools"), [""; 0]);
}

#[test]
fn nested_projects_bound_the_outer_ones() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"workspaces":["**"]}"#),
        ("a/package.json", "{}"),
        ("a/b/package.json", "{}"),
        ("a/b/c/package.json", "{}"),
        ("a-b/package.json", "{}"),
        ("plain/d/package.json", "{}"),
    ]);
    let workspace = Workspace::discover(&root).unwrap();
    let nested = |dir: &str| -> Vec<&str> {
        let project = workspace.by_dir(dir).unwrap();
        workspace[project].nested.iter().map(RelPath::as_str).collect()
    };
    assert_eq!(nested(""), ["a", "a-b", "plain/d"]);
    assert_eq!(nested("a"), ["a/b"]);
    assert_eq!(nested("a/b"), ["a/b/c"]);
    assert_eq!(nested("a-b"), [""; 0]);
    let holding = |path: &str| workspace.holding(&RelPath::new(path).unwrap()).unwrap();
    assert_eq!(workspace[holding("a/b/src/x.ts")].dir.as_str(), "a/b");
    assert_eq!(workspace[holding("plain/x")].dir.as_str(), "");
    // A package without a name is called by its directory.
    assert_eq!(workspace[workspace.by_name("a/b").unwrap()].dir.as_str(), "a/b");
}

#[test]
fn config_files_are_found_beside_their_manifests() {
    let (_dir, root) = tree(&[
        ("package.json", r#"{"workspaces":["p/*"]}"#),
        ("vx.workspace.ts", ""),
        ("vx.config.ts", ""),
        ("p/a/package.json", "{}"),
        ("p/a/vx.config.mjs", ""),
        ("p/b/package.json", "{}"),
        ("p/vx.config.ts", ""),
    ]);
    let workspace = Workspace::discover(&root).unwrap();
    let files: Vec<&Path> = workspace.config_files().collect();
    let expected = ["vx.workspace.ts", "vx.config.ts", "p/a/vx.config.mjs"];
    assert_eq!(files, expected.map(|file| root.join(file)));
}

#[test]
fn mistakes_name_their_files() {
    for (files, code, named) in [
        (
            &[("package.json", "{\n  \"name\": }")][..],
            "VX_MANIFEST_INVALID",
            &["package.json:2:11"][..],
        ),
        (
            &[("package.json", r#"{"workspaces":["p/*"]}"#), ("p/a/package.json", "{")],
            "VX_MANIFEST_INVALID",
            &["p/a/package.json:1:1"],
        ),
        (
            &[("pnpm-workspace.yaml", "packages:\n  - 'a\n"), ("package.json", "{}")],
            "VX_PNPM_WORKSPACE_INVALID",
            &["pnpm-workspace.yaml:"],
        ),
        (
            &[("package.json", r#"{"workspaces":["../x"]}"#)],
            "VX_GLOB_PARENT",
            &["package.json", "\"../x\""],
        ),
        (
            &[
                ("package.json", r#"{"workspaces":["p/*"]}"#),
                ("p/a/package.json", r#"{"name":"same"}"#),
                ("p/b/package.json", r#"{"name":"same"}"#),
            ],
            "VX_PROJECT_DUPLICATE",
            &["\"same\"", "p/a/package.json", "p/b/package.json"],
        ),
        (
            &[("package.json", "{}"), ("vx.config.ts", ""), ("vx.config.js", "")],
            "VX_CONFIG_TWICE",
            &["vx.config.ts", "vx.config.js"],
        ),
        (
            &[("package.json", "{}"), ("vx.workspace.ts", ""), ("vx.workspace.mjs", "")],
            "VX_CONFIG_TWICE",
            &["vx.workspace.ts", "vx.workspace.mjs"],
        ),
    ] {
        let (_dir, root) = tree(files);
        let error = refused(&root);
        assert_eq!(error.code(), code, "{error}");
        for part in named {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn one_directory_has_one_name() {
    let (_dir, root) = tree(&[
        ("real/package.json", r#"{"workspaces":["p/*"]}"#),
        ("real/p/a/package.json", r#"{"name":"a"}"#),
    ]);
    std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
    let workspace = Workspace::discover(&root.join("link/p/a")).unwrap();
    assert_eq!(workspace.root(), root.join("real"));
    assert_eq!(workspace.relative(&root.join("link/p/a")).unwrap().as_str(), "p/a");
    assert_eq!(workspace.relative(&root), None);
}
