//! Files of git installations whose place only their `git` program knows.
//!
//! Without starting it, the well-known places are looked at. What they hold is not applied, only searched for names.

use std::path::PathBuf;

const PREFIXES: [&str; 4] = [
    "/usr/local/etc",
    "/opt/homebrew/etc",
    "/Library/Developer/CommandLineTools/usr/share/git-core",
    "/Applications/Xcode.app/Contents/Developer/usr/share/git-core",
];

/// Configuration files beside `/etc/gitconfig`.
pub(super) fn config_files() -> impl Iterator<Item = PathBuf> {
    files("gitconfig", "GIT_CONFIG_NOSYSTEM")
}

/// Attribute files beside `/etc/gitattributes`.
pub(super) fn attribute_files() -> impl Iterator<Item = PathBuf> {
    files("gitattributes", "GIT_ATTR_NOSYSTEM")
}

fn files(name: &'static str, unless: &str) -> impl Iterator<Item = PathBuf> {
    let wanted = cfg!(unix) && std::env::var_os(unless).is_none();
    PREFIXES.iter().filter(move |_| wanted).map(move |prefix| PathBuf::from(prefix).join(name))
}
