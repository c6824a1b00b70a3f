//! What evaluates configs: the JavaScript runtime of this process, and everything about it that could change a value.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::key::Framing;

/// Moves whenever what is accepted as pure, or how values of configs are found, changes within one version of vx.
const RULES: &str = "2";

/// Options of Node that do not change what a config evaluates to; those that take a value, up to their `=`.
const HARMLESS: [&str; 10] = [
    "--disable-warning=",
    "--enable-source-maps",
    "--max-old-space-size=",
    "--max-semi-space-size=",
    "--max_old_space_size=",
    "--max_semi_space_size=",
    "--no-deprecation",
    "--no-warnings",
    "--stack-trace-limit=",
    "--trace-warnings",
];

/// The runtime as the process that runs vx describes itself.
#[derive(Clone, Debug, Default)]
pub struct Runtime {
    /// `node`, `bun`, or another.
    pub name: String,
    /// The versions of its parts, as one text.
    pub versions: String,
    /// The program.
    pub executable: String,
    /// The options that it was started with.
    pub options: Vec<String>,
    /// The directory of this package.
    pub package: PathBuf,
    /// The environment as configs see it, before any of them was evaluated.
    pub variables: HashMap<String, String>,
}

impl Runtime {
    /// The value of a variable, as `process.env` has it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        let exact = self.variables.get(name);
        let found = exact.or_else(|| {
            let mut all = self.variables.iter().filter(|_| cfg!(windows));
            all.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        found.cloned()
    }

    /// The directory of this package without links.
    pub(super) fn real_package(&self) -> PathBuf {
        self.package.canonicalize().unwrap_or_else(|_| self.package.clone())
    }

    /// Whether this is Bun.
    pub(super) fn is_bun(&self) -> bool {
        self.name == "bun"
    }

    /// Everything that evaluates, as one text that differs where anything of it differs. `None`: values of this
    /// process depend on more than that (something is loaded before configs are, or changes how they are
    /// loaded), so none is kept or used. `cwd` is where it was started.
    pub(super) fn identity(&self, cwd: &Path) -> Option<String> {
        let set = |name: &str| self.variable(name).filter(|value| !value.is_empty());
        let node_options = set("NODE_OPTIONS").unwrap_or_default();
        let all_harmless = node_options.split_whitespace().all(is_harmless);
        let all_harmless = all_harmless
            && match self.name.as_str() {
                "node" => self.options.iter().all(|option| is_harmless(option)),
                // Settings of its own can replace variables, map files to loaders and run code first.
                "bun" => {
                    self.options.is_empty() && set("BUN_OPTIONS").is_none() && !self.has_bunfig(cwd)
                }
                _ => false,
            };
        let jiti_is_configured = self.variables.keys().any(|name| name.starts_with("JITI_"));
        if !all_harmless || jiti_is_configured {
            return None;
        }
        let mut stream = Framing::hashing();
        stream.text(RULES).text(env!("CARGO_PKG_VERSION"));
        stream.text(std::env::consts::OS).text(std::env::consts::ARCH);
        stream.text(&self.name).text(&self.versions).text(&self.executable);
        stream.text(&self.package.to_string_lossy()).text(&node_options);
        for name in ["NODE_PATH", "NODE_ICU_DATA"] {
            stream.text(&set(name).unwrap_or_default());
        }
        for option in &self.options {
            stream.text(option);
        }
        Some(stream.hex())
    }

    fn has_bunfig(&self, cwd: &Path) -> bool {
        let home = ["HOME", "USERPROFILE", "XDG_CONFIG_HOME"].into_iter();
        let home = home.filter_map(|name| self.variable(name)).map(PathBuf::from);
        let mut all = home.map(|dir| dir.join(".bunfig.toml")).chain([cwd.join("bunfig.toml")]);
        // What cannot be looked at may be there.
        all.any(|file| {
            file.symlink_metadata().map_or_else(|e| !crate::stamp::is_absence(&e), |_| true)
        })
    }
}

fn is_harmless(option: &str) -> bool {
    let is_word = |value: &str| {
        let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !value.is_empty() && value.bytes().all(part)
    };
    HARMLESS.iter().any(|known| match option.strip_prefix(known) {
        Some(value) if known.ends_with('=') => is_word(value),
        Some(rest) => rest.is_empty(),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(name: &str, options: &[&str], variables: &[(&str, &str)]) -> Runtime {
        let pairs = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Runtime {
            name: name.into(),
            versions: "1".into(),
            executable: "/bin/js".into(),
            options: options.iter().map(|&option| option.into()).collect(),
            package: "/vx".into(),
            variables: pairs.collect(),
        }
    }

    #[test]
    fn only_what_changes_nothing_may_be_configured() {
        let nowhere = Path::new("/does/not/exist");
        let id = |runtime: Runtime| runtime.identity(nowhere);
        let plain = id(runtime("node", &[], &[])).unwrap();
        assert_eq!(id(runtime("node", &[], &[("NODE_OPTIONS", ""), ("OTHER", "x")])), Some(plain));
        for options in ["--no-warnings", "--max_old_space_size=4096 --disable-warning=DEP0040"] {
            assert!(id(runtime("node", &[], &[("NODE_OPTIONS", options)])).is_some(), "{options}");
        }
        for options in [
            "--import ./hook.mjs",
            "--import=./hook.mjs",
            "--require=./hook.cjs",
            "-r ./hook.cjs",
            "--loader=./hook.mjs",
            "--conditions=x",
            "--preserve-symlinks",
            "--max-old-space-size=",
            "--disable-warning=a,b",
            "--max-old-space-size",
            "--max-old-space-size=4096,--import=x",
            "\"--no-warnings\"",
        ] {
            let words: Vec<&str> = options.split(' ').collect();
            assert_eq!(id(runtime("node", &words, &[])), None, "{options}");
            assert_eq!(id(runtime("node", &[], &[("NODE_OPTIONS", options)])), None, "{options}");
        }
        assert_eq!(id(runtime("node", &[], &[("JITI_ALIAS", "{}")])), None);
        assert_eq!(id(runtime("deno", &[], &[])), None);
        assert!(id(runtime("bun", &[], &[])).is_some());
        assert_eq!(id(runtime("bun", &["--smol"], &[])), None);
        assert_eq!(id(runtime("bun", &[], &[("BUN_OPTIONS", "--preload=x")])), None);
    }

    #[test]
    fn every_part_counts() {
        let id = |runtime: &Runtime| runtime.identity(Path::new("/does/not/exist")).unwrap();
        let plain = runtime("node", &[], &[]);
        let mut all = vec![
            id(&plain),
            id(&runtime("bun", &[], &[])),
            id(&runtime("node", &["--no-warnings"], &[])),
            id(&runtime("node", &[], &[("NODE_OPTIONS", "--no-warnings")])),
            id(&runtime("node", &[], &[("NODE_PATH", "--no-warnings")])),
            id(&Runtime { versions: "2".into(), ..plain.clone() }),
            id(&Runtime { executable: "/bin/other".into(), ..plain.clone() }),
            id(&Runtime { package: "/other".into(), ..plain }),
        ];
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn settings_of_bun_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        let bun = runtime("bun", &[], &[("HOME", home)]);
        assert!(bun.identity(dir.path()).is_some());
        std::fs::write(dir.path().join("bunfig.toml"), "").unwrap();
        assert_eq!(bun.identity(dir.path()), None);
        assert!(bun.identity(Path::new("/does/not/exist")).is_some());
        std::fs::write(dir.path().join(".bunfig.toml"), "").unwrap();
        assert_eq!(bun.identity(Path::new("/does/not/exist")), None);
    }
}
