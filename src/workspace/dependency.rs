//! Whether a dependency of a package.json can mean a project of the same workspace.
//!
//! Errs on the side of yes: an edge too many makes a task wait, an edge too few makes it run too early.

use crate::path::RelPath;

/// What a dependency points at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// The project of that name, if there is one.
    Named(&'a str),
    /// The project in that directory, relative to the package, if there is one.
    Directory(&'a str),
    /// Something outside of the workspace.
    Elsewhere,
}

/// What `"name": "spec"` points at.
pub(super) fn target<'a>(name: &'a str, spec: &'a str) -> Target<'a> {
    let spec = spec.trim();
    let Some((protocol, rest)) = protocol(spec) else {
        if matches!(spec, "." | "..") || spec.starts_with("./") || spec.starts_with("../") {
            return Target::Directory(spec);
        }
        // `user/repository` or an absolute path: no version and no tag holds a slash.
        return if spec.contains('/') { Target::Elsewhere } else { Target::Named(name) };
    };
    match protocol {
        "workspace" => workspace(name, rest),
        "file" | "link" | "portal" => Target::Directory(rest),
        "npm" if aliased(rest).is_some_and(|other| other != name) => Target::Elsewhere,
        // `npm:^1.0.0`, `catalog:`, `patch:…` and what is not known yet: by name.
        "npm" | "catalog" | "patch" | "jsr" => Target::Named(name),
        "http" | "https" | "ssh" | "git" | "github" | "gitlab" | "bitbucket" | "gist" => {
            Target::Elsewhere
        }
        other if other.starts_with("git+") || other.starts_with("git@") => Target::Elsewhere,
        _ => Target::Named(name),
    }
}

fn protocol(spec: &str) -> Option<(&str, &str)> {
    let (protocol, rest) = spec.split_once(':')?;
    (!protocol.contains('/')).then_some((protocol, rest))
}

fn workspace<'a>(name: &'a str, rest: &'a str) -> Target<'a> {
    if rest.starts_with("./") || rest.starts_with("../") {
        return Target::Directory(rest);
    }
    Target::Named(aliased(rest).unwrap_or(name))
}

/// The package that `other@range` names; `None` when there is only a range.
fn aliased(rest: &str) -> Option<&str> {
    let at = rest.get(1..)?.find('@')? + 1;
    Some(&rest[..at])
}

/// The directory that `spec` names from `project`; `None` when it leaves the workspace.
pub(super) fn directory(project: &RelPath, spec: &str) -> Option<RelPath> {
    if spec.starts_with('/') || spec.starts_with('~') {
        return None;
    }
    let mut segments: Vec<&str> = project.segments().collect();
    for segment in spec.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            _ => segments.push(segment),
        }
    }
    RelPath::new(segments.join("/")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_workspace_ranges_go_by_name() {
        for spec in [
            "*",
            "",
            "latest",
            "^1.2.3",
            ">=1 <2 || 3.x",
            "workspace:*",
            "workspace:^",
            "workspace:^1.2.3",
            "workspace:",
            "catalog:",
            "catalog:react18",
            "npm:^1.0.0",
            "npm:core@1",
            "unknown:thing",
        ] {
            assert_eq!(target("core", spec), Target::Named("core"), "{spec:?}");
        }
    }

    #[test]
    fn a_workspace_alias_goes_by_the_other_name() {
        assert_eq!(target("x", "workspace:core@*"), Target::Named("core"));
        assert_eq!(target("x", "workspace:@scope/core@^1"), Target::Named("@scope/core"));
    }

    #[test]
    fn what_plainly_points_elsewhere_is_no_edge() {
        for spec in [
            "npm:other@1",
            "npm:@scope/core@1",
            "https://x.test/a.tgz",
            "git://x.test/a",
            "git+ssh://git@x.test/a/b.git",
            "git@x.test:a/b.git",
            "github:a/b",
            "a/b",
            "a/b#semver:^1",
        ] {
            assert_eq!(target("core", spec), Target::Elsewhere, "{spec:?}");
        }
    }

    #[test]
    fn directories_are_taken_from_the_package() {
        assert_eq!(target("x", "file:../core"), Target::Directory("../core"));
        assert_eq!(target("x", "workspace:../core"), Target::Directory("../core"));
        assert_eq!(target("x", "../core"), Target::Directory("../core"));
        let here = RelPath::new("packages/a").unwrap();
        assert_eq!(directory(&here, "../core").unwrap().as_str(), "packages/core");
        assert_eq!(directory(&here, "./vendor/x/").unwrap().as_str(), "packages/a/vendor/x");
        assert_eq!(directory(&here, "../..").unwrap(), RelPath::root());
        assert_eq!(directory(&here, "../../../out"), None);
        assert_eq!(directory(&here, "/abs"), None);
    }
}
