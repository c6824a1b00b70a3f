//! Which directories a list of patterns can reach into, so that a walk for `*.tsbuildinfo` does not read the
//! whole project. Errs on the side of yes.

use crate::glob::{Globs, Pattern};

/// What the positive patterns say about directories.
#[derive(Debug)]
pub(super) struct Reach(Vec<Vec<Step>>);

/// What one segment of a pattern can stand for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// This name.
    Name(String),
    /// Any one name.
    One,
    /// Any number of names, and all that follows.
    Deep,
}

impl Reach {
    pub(super) fn new(globs: &Globs) -> Self {
        Self(globs.positive().map(steps).collect())
    }

    /// Whether anything below the directory at `path` can match.
    pub(super) fn may_hold(&self, path: &str) -> bool {
        self.0.iter().any(|steps| {
            let mut steps = steps.iter();
            for name in path.split('/') {
                match steps.next() {
                    Some(Step::Deep) => return true,
                    Some(Step::One) => {}
                    Some(Step::Name(step)) if step == name => {}
                    _ => return false,
                }
            }
            steps.next().is_some()
        })
    }
}

fn steps(pattern: &Pattern) -> Vec<Step> {
    let mut steps = Vec::new();
    for segment in pattern.text().split('/') {
        let step = step(segment);
        let deep = step == Step::Deep;
        steps.push(step);
        if deep {
            return steps;
        }
    }
    if pattern.is_literal() {
        // A literal stands for all below it.
        steps.push(Step::Deep);
    }
    steps
}

fn step(segment: &str) -> Step {
    let count = |c: char| segment.matches(c).count();
    // Where a brace or class may have been cut at a `/`, what follows is anyone's guess.
    let cut = count('{') != count('}') || count('[') != count(']');
    let mixed = segment.contains('{') && segment.contains('[');
    if segment.contains("**") || segment.contains('\\') || cut || mixed {
        Step::Deep
    } else if segment.contains(['*', '?', '[', ']', '{', '}']) {
        Step::One
    } else {
        Step::Name(segment.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reach(patterns: &[&str]) -> Reach {
        Reach::new(&Globs::new(patterns).unwrap())
    }

    #[test]
    fn only_what_can_hold_a_match_is_entered() {
        for (pattern, yes, no) in [
            ("*.tsbuildinfo", &[][..], &["src", "a/b"][..]),
            ("dist", &["dist", "dist/a/b"], &["src", "distant"]),
            ("dist/*.js", &["dist"], &["dist/a", "src"]),
            ("dist/**/*.js", &["dist", "dist/a/b"], &["src"]),
            (
                "packages/*/dist/x",
                &["packages", "packages/a", "packages/a/dist"],
                &["packages/a/src", "packages/a/dist/x", "x"],
            ),
            ("packages/*/*.x", &["packages/a"], &["packages/a/b"]),
            ("{a/b,c}/x.js", &["a", "a/b", "c", "z/z"], &[]),
            ("{a,b}/x.js", &["a", "b"], &["a/c"]),
            ("**", &["a", "a/b"], &[]),
        ] {
            let reach = reach(&[pattern]);
            for dir in yes {
                assert!(reach.may_hold(dir), "{pattern} {dir}");
            }
            for dir in no {
                assert!(!reach.may_hold(dir), "{pattern} {dir}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_directories_above_a_match_are_reached(
            pattern in "(\\*\\*/|[ab*?]/|\\{a,b\\}/|\\[ab\\]/|\\{a/b,b\\}/){0,3}[ab*]{1,2}",
            path in "([ab]/){0,4}[ab]{1,2}",
        ) {
            let Ok(globs) = Globs::new(&[&pattern]) else { return Ok(()) };
            if globs.is_match(&path) {
                let reach = Reach::new(&globs);
                for (slash, _) in path.match_indices('/') {
                    prop_assert!(reach.may_hold(&path[..slash]), "{} {}", pattern, path);
                }
            }
        }
    }
}
