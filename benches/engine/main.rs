//! How long single parts of the engine take, each through its public interface and nothing else.
//!
//! `cargo bench` measures them; `cargo bench -- harvest` those whose names match. `cargo test --bench engine` does each
//! once, on less, to see that it works. Everything that is made up is the same each time, and lies in temporary
//! directories that go away at the end.

#![expect(unreachable_pub, reason = "a module of a program says what is for the others")]
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be measured")]

#[path = "../../tests/git_fixture/mod.rs"]
mod git_fixture;

mod artifact;
mod glob;
mod graph;
mod harvest;
mod key;

use criterion::Criterion;

fn main() {
    git_fixture::neutral_environment();
    let mut criterion = Criterion::default().configure_from_args();
    key::bench(&mut criterion);
    glob::bench(&mut criterion);
    graph::bench(&mut criterion);
    harvest::bench(&mut criterion);
    artifact::bench(&mut criterion);
    criterion.final_summary();
}

/// As many when measured, a hundredth, but something, when only tried: `cargo bench` alone says `--bench`.
fn scaled(count: usize) -> usize {
    let says = |flag: &str| std::env::args().any(|arg| arg == flag);
    if says("--bench") && !says("--test") { count } else { (count / 100).max(2) }
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn hex(&mut self, digits: usize) -> String {
        std::iter::repeat_with(|| format!("{:016x}", self.next()))
            .take(digits.div_ceil(16))
            .collect::<String>()[..digits]
            .to_owned()
    }

    /// Text of so many bytes that compresses about as well as source code.
    fn text(&mut self, bytes: usize) -> Vec<u8> {
        const WORDS: [&str; 16] = [
            "const ",
            "value",
            " = ",
            "export ",
            "function ",
            "(",
            ") {\n",
            "}\n",
            "return ",
            "import ",
            "from ",
            "'./",
            "';\n",
            "if ",
            "new ",
            "await ",
        ];
        let mut text = Vec::with_capacity(bytes + 16);
        while text.len() < bytes {
            text.extend_from_slice(WORDS[self.below(WORDS.len())].as_bytes());
            if self.below(8) == 0 {
                text.extend_from_slice(self.hex(6).as_bytes());
            }
        }
        text.truncate(bytes);
        text
    }
}
