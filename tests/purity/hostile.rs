//! Texts that are made to overwhelm the parser: they are refused, or read, and nothing ends.

use std::fmt::Write as _;

use super::read;

const LONG: usize = 64 << 10;

#[test]
fn nesting_as_deep_as_a_text_can_be() {
    let repeats = [
        ("[", ""),
        ("(", ""),
        ("{a:", ""),
        ("!", "1"),
        ("-", "1"),
        ("a=>", "1"),
        ("a?b:", "1"),
        ("`${", ""),
        ("f(", ""),
        ("new ", "f"),
        ("typeof ", "1"),
        ("1**", "1"),
        ("1+", "1"),
        ("a=", "1"),
        ("{", ""),
        ("if(a)", ";"),
        ("function f(){", ""),
        ("<", ""),
        ("[...", ""),
        ("({a=", ""),
        ("a.", "b"),
        ("a?.", "b"),
        ("class{a=", ""),
        ("async a=>", "1"),
        ("(a,", ""),
        ("1,", "1"),
        ("f?.(", ""),
        ("import(", ""),
        ("+ +", "1"),
        ("void ", "0"),
        ("x as ", "y"),
        ("a??", "b"),
        ("/*", ""),
        ("if(a);else ", ";"),
        ("a:", ";"),
        ("for(;;)", ";"),
    ];
    for (repeated, end) in repeats {
        for start in ["export default ", "", "type A = "] {
            let times = (LONG - start.len() - end.len()) / repeated.len();
            let text = format!("{start}{}{end}", repeated.repeat(times));
            // Accepted or not: what matters is that there is an answer.
            drop(read(&text));
        }
    }
    let sum = format!("export default {{ a: {}1 }}", "1+".repeat((LONG - 32) / 2));
    read(&sum).unwrap();
}

#[test]
fn brackets_within_brackets_are_counted_first() {
    let nested = |depth| format!("export default {}{}", "[".repeat(depth), "]".repeat(depth));
    read(&nested(256)).unwrap();
    assert!(read(&nested(257)).unwrap_err().what.contains("256 brackets"));
}

#[test]
fn longer_texts_are_not_looked_at() {
    let mut text = "export default {}\n".to_owned();
    while text.len() <= LONG {
        writeln!(text, "// {}", text.len()).unwrap();
    }
    assert!(read(&text).unwrap_err().what.contains("64 KiB"));
}
