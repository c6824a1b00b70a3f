//! What an output is called: its anchor and its path below it, as the tar's names spell them.

use std::path::{Component, Path, PathBuf};

use crate::path::RelPath;

/// The directory that an output's path is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// The project's directory (`outputs.files`).
    Project,
    /// The workspace root (`outputs.workspaceFiles`).
    Workspace,
}

impl Anchor {
    /// What the names of its entries start with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Project => "outputs/",
            Self::Workspace => "workspace-outputs/",
        }
    }
}

/// One output. Orders as entries do in the artifact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputPath {
    /// What the path is relative to.
    pub anchor: Anchor,
    /// Never the anchor itself.
    pub path: RelPath,
}

impl OutputPath {
    /// The name of its entry in the tar.
    #[must_use]
    pub fn entry_name(&self) -> String {
        format!("{}{}", self.anchor.prefix(), self.path.as_str())
    }
}

/// Where the anchors lie on disk; absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchors {
    /// The project's directory.
    pub project: PathBuf,
    /// The workspace root; `None` where there are no outputs of the workspace.
    pub workspace: Option<PathBuf>,
}

impl Anchors {
    /// The directory of an anchor, if there is one.
    #[must_use]
    pub fn dir(&self, anchor: Anchor) -> Option<&Path> {
        match anchor {
            Anchor::Project => Some(&self.project),
            Anchor::Workspace => self.workspace.as_deref(),
        }
    }

    /// Where an output lies on disk, if its anchor is there.
    #[must_use]
    pub fn locate(&self, output: &OutputPath) -> Option<PathBuf> {
        self.dir(output.anchor).map(|dir| output.path.on(dir))
    }

    /// Whether a symbolic link at `output` with this text stays within the workspace (within the project,
    /// where there is no workspace), judged by the text alone. Absolute targets do not: they would mean
    /// another place in another checkout.
    #[must_use]
    pub fn holds_link(&self, output: &OutputPath, target: &str) -> bool {
        let project_depth = || {
            let workspace = self.workspace.as_deref()?;
            Some(self.project.strip_prefix(workspace).ok()?.components().count())
        };
        let anchor_depth = match output.anchor {
            Anchor::Project => project_depth().unwrap_or(0),
            Anchor::Workspace => 0,
        };
        let mut depth = anchor_depth + output.path.segments().count().saturating_sub(1);
        for component in Path::new(target).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(_) => depth += 1,
                Component::ParentDir if depth > 0 => depth -= 1,
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
            }
        }
        !target.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(anchor: Anchor, path: &str) -> OutputPath {
        OutputPath { anchor, path: RelPath::new(path).unwrap() }
    }

    #[test]
    fn outputs_of_the_project_come_first() {
        let mut all = [
            output(Anchor::Workspace, "a"),
            output(Anchor::Project, "b/c"),
            output(Anchor::Project, "b-c"),
        ];
        all.sort();
        let names: Vec<String> = all.iter().map(OutputPath::entry_name).collect();
        assert_eq!(names, ["outputs/b-c", "outputs/b/c", "workspace-outputs/a"]);
    }

    #[test]
    fn a_link_may_leave_the_project_but_not_the_workspace() {
        let anchors =
            Anchors { project: "/w/packages/a".into(), workspace: Some(PathBuf::from("/w")) };
        let link = output(Anchor::Project, "dist/link");
        for inside in ["x", "./x", "../x", "../../b/x", "../../../y", "../../..", "none/../x"] {
            assert!(anchors.holds_link(&link, inside), "{inside}");
        }
        for outside in ["", "/w/x", "../../../../x", "../../../../w/x", "x/../../../../../y"] {
            assert!(!anchors.holds_link(&link, outside), "{outside}");
        }
        let root = output(Anchor::Workspace, "link");
        assert!(anchors.holds_link(&root, "packages/a") && !anchors.holds_link(&root, "../x"));
    }

    #[test]
    fn without_a_workspace_the_project_is_the_limit() {
        let anchors = Anchors { project: "/w/packages/a".into(), workspace: None };
        let link = output(Anchor::Project, "dist/link");
        assert!(anchors.holds_link(&link, "../src") && !anchors.holds_link(&link, "../../b"));
    }
}
