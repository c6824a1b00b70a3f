//! How a command line reaches the shell, and how arguments are quoted for it.

/// The shell and the words before the command line.
pub(super) const SHELL: (&str, &[&str]) =
    if cfg!(windows) { ("cmd", &["/d", "/s", "/c"]) } else { ("/bin/sh", &["-c"]) };

/// The command with the arguments of `--` after it, each as one word, on the last of its lines.
#[must_use]
pub fn quote_args(command: &str, args: &[String]) -> String {
    let mut line = if args.is_empty() { command } else { command.trim_end() }.to_owned();
    for arg in args {
        line.push(' ');
        line.push_str(&quote(arg));
    }
    line
}

#[cfg(not(windows))]
fn quote(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        return arg.to_owned();
    }
    format!("'{}'", arg.replace('\'', r"'\''"))
}

#[cfg(windows)]
fn quote(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./\\:=@+,".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        return arg.to_owned();
    }
    format!("\"{}\"", arg.replace('"', "\\\""))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_argument_arrives_as_it_was() {
        let args: Vec<String> =
            ["--watch", "a b", "it's", "$HOME", "", "`x`", "a\nb", "*", "ü", "\\"]
                .map(String::from)
                .to_vec();
        let line = quote_args("printf '%s\\0'", &args);
        let out = std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        let got: Vec<&str> =
            std::str::from_utf8(&out.stdout).unwrap().split_terminator('\0').collect();
        assert_eq!(got, args);
    }
}
