//! Laws that hold for any tree and any globs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use vx::artifact::OutputPath;
use vx::outputs::{clean, is_current, list};

use super::support::{Place, Tree};

#[derive(Clone, Debug)]
enum Node {
    File(Vec<u8>, u32),
    Link(String),
    Directory,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[ab]",
        2 => Just("dist".to_owned()),
        1 => Just("node_modules".to_owned()),
        1 => Just(".git".to_owned()),
        1 => Just("a.js".to_owned()),
        1 => "[ -.0-~é\n]{1,4}",
    ]
    .prop_filter("a name", |name| {
        !matches!(name.as_str(), "." | "..") && name.as_bytes().get(1) != Some(&b':')
    })
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(name(), 1..4).prop_map(|names| names.join("/"))
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        6 => (proptest::collection::vec(any::<u8>(), 0..50), 0o600_u32..=0o777).prop_map(|(bytes, mode)| Node::File(bytes, mode)),
        2 => prop_oneof![Just("a"), Just("dist"), Just("../a"), Just("b/a"), Just("../../../outside"), Just("x")]
            .prop_map(|target| Node::Link(target.to_owned())),
        2 => Just(Node::Directory),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("**"),
        Just("dist/**"),
        Just("dist"),
        Just("a/**"),
        Just("a"),
        Just("*"),
        Just("*/*"),
        Just("**/*.js"),
        Just("**/a/**"),
        Just("a/b/*"),
        Just("{a,b}/**"),
        Just("!a/b/**"),
        Just("!**/*.js"),
        Just("!dist/a"),
        Just("node_modules/a/**"),
        Just("a/dist/**"),
        Just("b/a"),
    ]
    .prop_map(str::to_owned)
}

fn plant(place: &Place, nodes: &[(String, Node)]) {
    for (path, node) in nodes {
        let path = place.project.join(path);
        // What is in the way of another is left out. Parents are made without going through links.
        let above = path.parent().unwrap();
        let real = fs::create_dir_all(above).and_then(|()| above.canonicalize());
        if real.is_err() || path.symlink_metadata().is_ok() {
            continue;
        }
        match node {
            Node::Directory => fs::create_dir(&path).unwrap(),
            Node::Link(target) => symlink(target, &path).unwrap(),
            Node::File(bytes, mode) => {
                fs::write(&path, bytes).unwrap();
                fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(*mode))
                    .unwrap();
            }
        }
    }
}

/// Without the directories, which a clean may take away and a restore makes anew.
fn without_directories(mut tree: Tree) -> Tree {
    tree.retain(|_, (mode, _, _)| *mode & 0o170_000 != 0o040_000);
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn cleaning_removes_the_listed_and_nothing_else_and_restoring_brings_it_back(
        nodes in proptest::collection::vec((path(), node()), 0..16),
        patterns in proptest::collection::vec(pattern(), 1..4),
        nested in proptest::option::weighted(0.3, Just("b")),
    ) {
        let place = Place::new();
        let outside = place.outside();
        fs::write(outside.join("precious"), "x").unwrap();
        plant(&place, &nodes);
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let nested: Vec<&str> = nested.into_iter().collect();
        let spec = place.full_spec(&patterns, &[], &nested);
        let before = place.tree();
        let precious = super::support::tree(&outside);

        let Ok(listed) = list(&spec) else {
            // A root that is a link: nothing may be touched then.
            prop_assert!(clean(&spec).is_err());
            prop_assert_eq!(&super::support::tree(&outside), &precious);
            return Ok(());
        };
        // A path may go through a link on the way to its root: where it really lies counts.
        let workspace = place.workspace.canonicalize().unwrap();
        let lies_at = |output: &OutputPath| {
            let path = spec.anchors.locate(output).unwrap();
            let real = path.parent().unwrap().canonicalize().unwrap().join(path.file_name().unwrap());
            real.strip_prefix(&workspace).unwrap().to_str().unwrap().to_owned()
        };
        let to_remove: BTreeSet<String> = listed.iter().map(lies_at).collect();
        // One file under two names is restored twice, and the second is another than the first.
        prop_assume!(to_remove.len() == listed.len());
        let links_stay_inside = listed.iter().all(|output| {
            let path = spec.anchors.locate(output).unwrap();
            fs::read_link(path).map_or(true, |target| spec.anchors.holds_link(output, target.to_str().unwrap()))
        });
        let recorded = if links_stay_inside { Some(place.pack(&spec)) } else { None };
        if let Some(recorded) = &recorded {
            prop_assert!(is_current(&spec, recorded).unwrap());
        }

        clean(&spec).unwrap();
        prop_assert_eq!(list(&spec).unwrap(), vec![]);
        let mut expected = without_directories(before.clone());
        expected.retain(|name, _| !to_remove.contains(name));
        prop_assert_eq!(without_directories(place.tree()), expected);
        prop_assert_eq!(&super::support::tree(&outside), &precious);

        if recorded.is_some() {
            let restored = place.restore(&spec).unwrap();
            let outputs: Vec<_> = restored.iter().map(|recorded| recorded.output.clone()).collect();
            prop_assert_eq!(&outputs, &listed);
            prop_assert!(is_current(&spec, &restored).unwrap());
            prop_assert_eq!(list(&spec).unwrap(), listed);
            prop_assert_eq!(without_directories(place.tree()), without_directories(before));
            prop_assert_eq!(&super::support::tree(&outside), &precious);
        }
    }
}
