//! The environment of a task: strict, so that what a task can see is what its key knows (design section 9).
//!
//! [`build`] is pure: it takes the host's variables and gives the child's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What every task may see.
const ALWAYS: [&str; 13] = [
    "PATH",
    "HOME",
    "SHELL",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LANG",
    "TERM",
    "COLORTERM",
    "FORCE_COLOR",
    "NO_COLOR",
    "CI",
    "NODE_OPTIONS",
];

/// What programs on Windows cannot start without.
const WINDOWS: [&str; 22] = [
    "APPDATA",
    "COMSPEC",
    "COMMONPROGRAMFILES",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "PROGRAMW6432",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERDOMAIN",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
];

/// Variables by name. On Windows names compare without case; the map holds them as the host spells them.
pub type Variables = BTreeMap<OsString, OsString>;

/// This process's own variables.
#[must_use]
pub fn host() -> Variables {
    std::env::vars_os().collect()
}

/// What a task declares about its environment.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// Names whose host values reach the child and stay out of the key.
    pub pass_through: &'a [String],
    /// Values set for the child; part of the config and so of the key.
    pub define: &'a BTreeMap<String, String>,
    /// `cache.inputs.env`: names whose host values are in the key and reach the child.
    pub inputs: &'a [String],
}

/// Builds the child's environment. `bin_dirs` come before the host's `PATH`, in order.
#[must_use]
pub fn build(host: &Variables, declared: Declared<'_>, bin_dirs: &[PathBuf]) -> Variables {
    let named = |name: &str| {
        is_builtin(name)
            || declared.pass_through.iter().any(|pattern| same_name(pattern, name))
            || declared.inputs.iter().any(|input| same_name(input, name))
    };
    let mut child: Variables = host
        .iter()
        .filter(|(name, _)| name.to_str().is_some_and(named))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    prepend_path(&mut child, bin_dirs);
    for (name, value) in declared.define {
        child.retain(|existing, _| {
            !existing.to_str().is_some_and(|existing| same_name(existing, name))
        });
        child.insert(name.into(), value.into());
    }
    child
}

/// The host's value of one variable, if it is set and valid text.
#[must_use]
pub fn value<'a>(host: &'a Variables, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    if cfg!(windows) {
        let found = host
            .iter()
            .find(|(existing, _)| existing.to_str().is_some_and(|text| same_name(text, name)));
        return found.map(|(_, value)| value.to_string_lossy());
    }
    host.get(std::ffi::OsStr::new(name)).map(|value| value.to_string_lossy())
}

fn is_builtin(name: &str) -> bool {
    ALWAYS.iter().any(|known| same_name(known, name))
        || name.starts_with("LC_")
        || (cfg!(windows) && WINDOWS.iter().any(|known| same_name(known, name)))
}

fn same_name(a: &str, b: &str) -> bool {
    if cfg!(windows) { a.eq_ignore_ascii_case(b) } else { a == b }
}

fn prepend_path(child: &mut Variables, bin_dirs: &[PathBuf]) {
    let name = child
        .keys()
        .find(|name| name.to_str().is_some_and(|name| same_name(name, "PATH")))
        .cloned()
        .unwrap_or_else(|| "PATH".into());
    let existing = child.get(&name).cloned().unwrap_or_default();
    let rest = std::env::split_paths(&existing).filter(|path| !path.as_os_str().is_empty());
    let all: Vec<PathBuf> = bin_dirs.iter().cloned().chain(rest).collect();
    // A directory whose name holds the separator cannot be on a PATH: leave the host's as it is.
    if let Ok(joined) = std::env::join_paths(&all) {
        child.insert(name, joined);
    }
}

/// `node_modules/.bin` of the project and of every directory above it up to the workspace root.
#[must_use]
pub fn bin_dirs(workspace_root: &Path, project_dir: &Path) -> Vec<PathBuf> {
    project_dir
        .ancestors()
        .take_while(|dir| dir.starts_with(workspace_root))
        .map(|dir| dir.join("node_modules").join(".bin"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    #[test]
    fn only_what_is_listed_or_declared_reaches_the_child() {
        let host = host(&[
            ("PATH", "/bin"),
            ("SECRET", "x"),
            ("TOKEN", "t"),
            ("MODE", "prod"),
            ("LC_ALL", "C"),
        ]);
        let define = BTreeMap::from([
            ("MODE".to_owned(), "dev".to_owned()),
            ("EXTRA".to_owned(), "1".to_owned()),
        ]);
        let declared =
            Declared { pass_through: &["TOKEN".into()], define: &define, inputs: &["MODE".into()] };
        let child = build(&host, declared, &[PathBuf::from("/w/node_modules/.bin")]);
        let get = |name: &str| child.get(std::ffi::OsStr::new(name)).and_then(|v| v.to_str());
        assert_eq!(get("SECRET"), None);
        assert_eq!(get("TOKEN"), Some("t"));
        assert_eq!(get("MODE"), Some("dev"));
        assert_eq!(get("EXTRA"), Some("1"));
        assert_eq!(get("LC_ALL"), Some("C"));
        #[cfg(unix)]
        assert_eq!(get("PATH"), Some("/w/node_modules/.bin:/bin"));
    }

    #[test]
    fn bin_dirs_go_up_to_the_root() {
        let dirs = bin_dirs(Path::new("/w"), Path::new("/w/packages/a"));
        let expected: Vec<PathBuf> = [
            "/w/packages/a/node_modules/.bin",
            "/w/packages/node_modules/.bin",
            "/w/node_modules/.bin",
        ]
        .into_iter()
        .map(PathBuf::from)
        .collect();
        assert_eq!(dirs, expected);
    }
}
