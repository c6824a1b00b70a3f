//! Whether two pattern lists can match the same path: asked when the graph is built (two owners of one
//! output) and when keys are planned (an input that an upstream makes).
//!
//! Errs on the side of yes: a wildcard against a wildcard meets unless their fixed ends rule it out.

use globset::GlobBuilder;

use super::pattern::{Globs, Pattern, is_meta};
use crate::path::RelPath;

/// Whether a path may exist that both lists take, each list under its own anchor.
#[must_use]
pub fn may_overlap(a: &Globs, a_anchor: &RelPath, b: &Globs, b_anchor: &RelPath) -> bool {
    a.positive().any(|pa| {
        let ours = anchored(pa.text(), a_anchor);
        b.positive().any(|pb| {
            let theirs = anchored(pb.text(), b_anchor);
            patterns_meet(&ours, &theirs)
                && !taken_away(a, a_anchor, &theirs)
                && !taken_away(b, b_anchor, &ours)
        })
    })
}

fn anchored(text: &str, anchor: &RelPath) -> String {
    if anchor.is_root() { text.to_owned() } else { format!("{}/{text}", escaped(anchor.as_str())) }
}

/// An anchor is a path, not a pattern: `packages/[x]` must not read as a class.
fn escaped(path: &str) -> String {
    path.chars()
        .flat_map(|c| is_meta(c).then_some('\\').into_iter().chain(std::iter::once(c)))
        .collect()
}

/// Whether a negation at the end of `list` covers all that `other` can match. Only negations after the
/// last positive pattern count: an earlier one may be overruled.
fn taken_away(list: &Globs, anchor: &RelPath, other: &str) -> bool {
    list.patterns()
        .iter()
        .rev()
        .take_while(|pattern| pattern.is_negated())
        .any(|pattern| covers(pattern, anchor, other))
}

fn covers(negation: &Pattern, anchor: &RelPath, other: &str) -> bool {
    let text = anchored(negation.text(), anchor);
    if text == other {
        return true;
    }
    let dir = text.strip_suffix("/**").unwrap_or(&text);
    let plain = !negation.text().trim_end_matches("/**").contains(is_meta);
    plain && other.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

fn patterns_meet(a: &str, b: &str) -> bool {
    let (a, b) = (expand_braces(a), expand_braces(b));
    a.iter().any(|a| {
        let a = segments(a);
        b.iter().any(|b| segments_meet(&a, &segments(b)))
    })
}

/// The segments of a pattern; a literal also stands for all below it, so it ends in an optional `**`.
fn segments(pattern: &str) -> Vec<&str> {
    let mut segments: Vec<&str> = pattern.split('/').collect();
    if segments.last().is_some_and(|last| !last.contains(is_meta)) {
        segments.push("**");
    }
    segments
}

fn segments_meet(a: &[&str], b: &[&str]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([], rest) | (rest, []) => rest.iter().all(|segment| *segment == "**"),
        (["**", a_rest @ ..], _) => segments_meet(a_rest, b) || segments_meet(a, &b[1..]),
        (_, ["**", b_rest @ ..]) => segments_meet(a, b_rest) || segments_meet(&a[1..], b),
        ([a_first, a_rest @ ..], [b_first, b_rest @ ..]) => {
            segment_meets(a_first, b_first) && segments_meet(a_rest, b_rest)
        }
    }
}

fn segment_meets(a: &str, b: &str) -> bool {
    match (a.contains(is_meta), b.contains(is_meta)) {
        (false, false) => a == b,
        (true, false) => matches(a, b),
        (false, true) => matches(b, a),
        (true, true) => {
            let (a_head, a_tail) = fixed_ends(a);
            let (b_head, b_tail) = fixed_ends(b);
            (a_head.starts_with(b_head) || b_head.starts_with(a_head))
                && (a_tail.ends_with(b_tail) || b_tail.ends_with(a_tail))
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    GlobBuilder::new(pattern)
        .backslash_escape(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

/// The text before the first and after the last wildcard of one segment.
fn fixed_ends(segment: &str) -> (&str, &str) {
    let head = segment.find(is_meta).unwrap_or(segment.len());
    let tail = segment.rfind(is_meta).map_or(0, |at| at + 1);
    (&segment[..head], &segment[tail..])
}

/// `a{b,c}d` → `abd`, `acd`; nested braces too. What cannot be taken apart stays one wildcard.
fn expand_braces(pattern: &str) -> Vec<String> {
    const LIMIT: usize = 256;
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(text) = open.pop() {
        let Some((start, end)) = innermost_brace(&text) else {
            done.push(text);
            continue;
        };
        if done.len() + open.len() > LIMIT {
            return vec!["**".to_owned()];
        }
        for part in text[start + 1..end].split(',') {
            open.push(format!("{}{part}{}", &text[..start], &text[end + 1..]));
        }
    }
    done
}

fn innermost_brace(text: &str) -> Option<(usize, usize)> {
    let mut start = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => start = Some(at),
            '}' if start.is_some() => return start.map(|start| (start, at)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(a: &[&str], b: &[&str]) -> bool {
        let (a, b) = (Globs::new(a).unwrap(), Globs::new(b).unwrap());
        let root = RelPath::root();
        let forth = may_overlap(&a, &root, &b, &root);
        assert_eq!(forth, may_overlap(&b, &root, &a, &root), "not symmetric: {a:?} {b:?}");
        forth
    }

    #[test]
    fn what_can_meet_meets() {
        for (a, b) in [
            ("dist/**", "dist/a.js"),
            ("dist", "dist/types/**"),
            ("**/*.js", "dist/x.js"),
            ("{a,b}/x", "b/*"),
            ("*.js", "a*"),
            ("a/**/z", "a/z"),
            ("**", "x"),
        ] {
            assert!(meet(&[a], &[b]), "{a} {b}");
        }
    }

    #[test]
    fn what_cannot_meet_does_not() {
        for (a, b) in [
            ("dist/**", "lib/**"),
            ("dist/*.js", "dist/*.css"),
            ("dist/*.js", "dist/a/b.js"),
            ("dist", "distant"),
            ("{a,b}/x", "c/*"),
            ("a/**/z", "b/z"),
        ] {
            assert!(!meet(&[a], &[b]), "{a} {b}");
        }
    }

    #[test]
    fn a_negation_that_covers_keeps_them_apart() {
        assert!(!meet(&["dist/**", "!dist/types/**"], &["dist/types/**"]));
        assert!(!meet(&["dist/**", "!dist/types"], &["dist/types/a.d.ts"]));
        assert!(meet(&["dist/**", "!dist/types/**", "dist/types/a.d.ts"], &["dist/types/*.d.ts"]));
        assert!(meet(&["dist/**", "!dist/types/*.map"], &["dist/types/a.d.ts"]));
    }

    #[test]
    fn anchors_count() {
        let list = Globs::new(&["dist/**"]).unwrap();
        let (a, b) = (RelPath::new("packages/a").unwrap(), RelPath::new("packages/b").unwrap());
        assert!(!may_overlap(&list, &a, &list, &b));
        let root = Globs::new(&["packages/*/dist/**"]).unwrap();
        assert!(may_overlap(&list, &a, &root, &RelPath::root()));
    }

    #[test]
    fn an_anchor_is_no_pattern() {
        let list = Globs::new(&["x"]).unwrap();
        assert!(!may_overlap(
            &list,
            &RelPath::new("[ab]").unwrap(),
            &list,
            &RelPath::new("a").unwrap()
        ));
    }
}
