//! How the dependencies of many values stand now. Each path is looked at once, all of them in parallel.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use super::dependency::{Dependency, FileState, directories, path_of};
use crate::file_id::ObjectFormat;
use crate::inputs::regular_file;
use crate::memo::Memo;
use crate::stamp::is_absence;

/// Contents are named by sha1 here, whatever the repository does: nobody else sees these names.
pub(super) const FORMAT: ObjectFormat = ObjectFormat::Sha1;

/// What is asked of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question<'d> {
    File(&'d str),
    Directory(&'d str),
    Absent(&'d str),
    OwnPackage(&'d str),
}

/// The answers.
pub(super) struct Look<'d> {
    /// Of files, as they are now.
    files: HashMap<&'d str, FileState>,
    /// What holds, besides files.
    facts: HashSet<Question<'d>>,
}

impl<'d> Look<'d> {
    /// Looks at everything that `dependencies` name. `package`: the directory of this package, without links.
    pub(super) fn at(
        dependencies: impl Iterator<Item = &'d Dependency>,
        root: &Path,
        package: &Path,
        memo: &Memo,
    ) -> Self {
        let mut questions = HashSet::new();
        for dependency in dependencies {
            match dependency {
                Dependency::File(name, _) => {
                    if questions.insert(Question::File(name)) {
                        questions.extend(directories(name).map(Question::Directory));
                    }
                }
                Dependency::Absent(name) => drop(questions.insert(Question::Absent(name))),
                Dependency::OwnPackage(name) => drop(questions.insert(Question::OwnPackage(name))),
            }
        }
        let answers: Vec<(Question<'d>, Option<FileState>, bool)> = questions
            .into_par_iter()
            .map(|question| match question {
                Question::File(name) => (question, file(root, name, memo), false),
                Question::Directory(name) => (question, None, is_directory(root, name)),
                Question::Absent(name) => (question, None, is_absent(root, name)),
                Question::OwnPackage(name) => (question, None, is_package(root, name, package)),
            })
            .collect();
        let mut look = Self { files: HashMap::new(), facts: HashSet::new() };
        for (question, state, holds) in answers {
            match (question, state) {
                (Question::File(name), Some(state)) => drop(look.files.insert(name, state)),
                _ if holds => drop(look.facts.insert(question)),
                _ => {}
            }
        }
        look
    }

    /// The dependency as it is now, if it holds: the very same, or one whose stamp is another.
    pub(super) fn still(&self, dependency: &'d Dependency) -> Option<Cow<'d, Dependency>> {
        let holds = |question| self.facts.contains(&question);
        let (holds, now) = match dependency {
            Dependency::File(name, then) => {
                let now = self.files.get(name.as_str()).filter(|now| now.is_same_content(then))?;
                let reached = directories(name).all(|dir| holds(Question::Directory(dir)));
                let moved = || Cow::Owned(Dependency::File(name.clone(), now.clone()));
                (reached, if now == then { Cow::Borrowed(dependency) } else { moved() })
            }
            Dependency::Absent(name) => (holds(Question::Absent(name)), Cow::Borrowed(dependency)),
            Dependency::OwnPackage(name) => {
                (holds(Question::OwnPackage(name)), Cow::Borrowed(dependency))
            }
        };
        holds.then_some(now)
    }
}

/// A regular file as it is now.
pub(super) fn file(root: &Path, name: &str, memo: &Memo) -> Option<FileState> {
    let (id, stamp) = regular_file(&path_of(root, name), FORMAT, memo).ok()??;
    FileState::new(&id, &stamp)
}

/// Whether this is a directory itself, not a link to one.
pub(super) fn is_directory(root: &Path, name: &str) -> bool {
    path_of(root, name).symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Whether nothing is there, for sure.
pub(super) fn is_absent(root: &Path, name: &str) -> bool {
    path_of(root, name).symlink_metadata().is_err_and(|error| is_absence(&error))
}

/// Whether this leads to `package`, the directory without links of the package that runs.
pub(super) fn is_package(root: &Path, name: &str, package: &Path) -> bool {
    path_of(root, name).canonicalize().is_ok_and(|resolved| resolved == package)
}
