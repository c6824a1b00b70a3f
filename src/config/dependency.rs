//! The syntax of `dependsOn` (`build`, `^build`, `pkg#build`) and of the task names in it.

use std::fmt;

use super::reader::Place;

/// One entry of `dependsOn`. Displays as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dependency {
    /// `build`: a task of the same project.
    Own(String),
    /// `^build`: that task of the nearest workspace dependencies that declare it.
    Upstream(String),
    /// `pkg#build`: a task of the named project.
    Of {
        /// The project.
        project: String,
        /// The task.
        task: String,
    },
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(task) => f.write_str(task),
            Self::Upstream(task) => write!(f, "^{task}"),
            Self::Of { project, task } => write!(f, "{project}#{task}"),
        }
    }
}

impl Dependency {
    /// Reads one entry; the error says what is wrong with it.
    fn parse(written: &str) -> Result<Self, String> {
        let (dependency, task) = if let Some(task) = written.strip_prefix('^') {
            (Self::Upstream(task.to_owned()), task)
        } else if let Some((project, task)) = written.rsplit_once('#') {
            if project.is_empty() {
                return Err(format!("{written:?} names no project before its `#`"));
            }
            (Self::Of { project: project.to_owned(), task: task.to_owned() }, task)
        } else {
            (Self::Own(written.to_owned()), written)
        };
        let Some(problem) = task_name_problem(task) else { return Ok(dependency) };
        Err(format!("{written:?} is no dependency: its task name {problem}"))
    }

    /// The entry at `place`; nothing when a mistake was reported.
    pub(super) fn read(place: &Place<'_>) -> Option<Self> {
        match Self::parse(place.string()?) {
            Ok(dependency) => Some(dependency),
            Err(what) => {
                let fix = "write \"build\" (this project), \"^build\" (the projects it depends on) or \"pkg#build\" (a project by name)";
                place.problem(what, fix.to_owned());
                None
            }
        }
    }
}

/// What is wrong with the name of a task, if anything.
pub(super) fn task_name_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.contains('#') {
        Some("holds a `#`, which separates project and task")
    } else if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some("holds white space or a control character")
    } else if name.starts_with('^') {
        Some("starts with `^`, which means the tasks of dependencies")
    } else if name.starts_with('-') {
        Some("starts with `-`, which the command line takes for a flag")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_come_back_as_written() {
        for written in ["build", "^build", "@scope/pkg#build:prod", "packages/a#b", "odd#dir#build"]
        {
            assert_eq!(Dependency::parse(written).unwrap().to_string(), written);
        }
        assert_eq!(
            Dependency::parse("odd#dir#build").unwrap(),
            Dependency::Of { project: "odd#dir".to_owned(), task: "build".to_owned() }
        );
    }

    #[test]
    fn all_else_is_refused() {
        for written in ["", "^", "a#", "#a", "^^a", "^a#b", "a b", "-a", "a#^b", "a\tb"] {
            assert!(Dependency::parse(written).is_err(), "{written:?}");
        }
    }
}
