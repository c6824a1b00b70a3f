//! The law of the key's framing: two different inputs never give the same byte stream.
//!
//! The stream is decoded back into its fields. What can be decoded to exactly what went in cannot be shared by
//! two inputs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use vx::file_id::FileId;
use vx::key::{CACHE_VERSION, EnvValue, Framing, Key, KeyInput};
use vx::path::RelPath;

/// Texts that try to be taken for one another: separators, lengths, names of fields.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c=#\n\u{0}]{0,6}",
        Just("inputs".to_owned()),
        Just("upstream".to_owned()),
        Just("\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}a".to_owned()),
        any::<String>(),
    ]
}

fn key() -> impl Strategy<Value = Key> {
    "[0-9a-f]{32}".prop_map(|hex| Key::parse(&hex).unwrap())
}

fn path() -> impl Strategy<Value = RelPath> {
    vec("[a-z .\\\\\n]{1,4}", 1..4)
        .prop_map(|segments| segments.join("/"))
        .prop_filter_map("a relative path", |path| RelPath::new(path).ok())
}

fn input() -> impl Strategy<Value = KeyInput> {
    let env = (text(), option::of(text())).prop_map(|(name, value)| EnvValue { name, value });
    let file = (path(), text().prop_map(FileId::from_text));
    let files = vec(file, 0..5).prop_map(|mut files| {
        files.sort();
        files.dedup_by(|a, b| a.0 == b.0);
        files
    });
    let texts = (text(), text(), text(), text());
    (texts, vec(text(), 0..4), vec(env, 0..4), vec(key(), 0..4), files).prop_map(
        |(texts, args, env, mut upstream, inputs)| {
            upstream.sort();
            KeyInput {
                task_id: texts.0,
                workspace_fingerprint: texts.1,
                package_json_hash: texts.2,
                task_config_hash: texts.3,
                forward_args: args,
                env_values: env,
                upstream,
                inputs,
            }
        },
    )
}

/// Reads the stream of design section 5 back.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn count(&mut self) -> usize {
        let (number, rest) = self.0.split_at(8);
        self.0 = rest;
        usize::try_from(u64::from_le_bytes(number.try_into().unwrap())).unwrap()
    }

    fn text(&mut self) -> String {
        let length = self.count();
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8(text.to_vec()).unwrap()
    }

    fn optional(&mut self) -> Option<String> {
        let (flag, rest) = self.0.split_at(1);
        self.0 = rest;
        (flag == [1]).then(|| self.text())
    }

    fn label(&mut self, expected: &str) {
        assert_eq!(self.text(), expected);
    }

    fn input(mut self) -> KeyInput {
        self.label(CACHE_VERSION);
        self.label("task");
        let task_id = self.text();
        self.label("workspace");
        let workspace_fingerprint = self.text();
        self.label("pkg");
        let package_json_hash = self.text();
        self.label("config");
        let task_config_hash = self.text();
        self.label("forward-args");
        let forward_args = (0..self.count()).map(|_| self.text()).collect();
        self.label("env-values");
        let env_values = (0..self.count())
            .map(|_| EnvValue { name: self.text(), value: self.optional() })
            .collect();
        self.label("upstream");
        let upstream = (0..self.count()).map(|_| Key::parse(&self.text()).unwrap()).collect();
        self.label("inputs");
        let inputs = (0..self.count())
            .map(|_| (RelPath::new(self.text()).unwrap(), FileId::from_text(self.text())))
            .collect();
        assert!(self.0.is_empty());
        KeyInput {
            task_id,
            workspace_fingerprint,
            package_json_hash,
            task_config_hash,
            forward_args,
            env_values,
            upstream,
            inputs,
        }
    }
}

fn stream(input: &KeyInput) -> Vec<u8> {
    let mut framing = Framing::<Vec<u8>>::default();
    input.frame(&mut framing).unwrap();
    framing.into_inner()
}

fn parts(input: &KeyInput) -> impl PartialEq + std::fmt::Debug + '_ {
    (
        (
            &input.task_id,
            &input.workspace_fingerprint,
            &input.package_json_hash,
            &input.task_config_hash,
        ),
        (&input.forward_args, &input.env_values, &input.upstream, &input.inputs),
    )
}

proptest! {
    #[test]
    fn the_stream_can_be_read_back(input in input()) {
        let back = Reader(&stream(&input)).input();
        prop_assert_eq!(format!("{:?}", parts(&back)), format!("{:?}", parts(&input)));
    }

    #[test]
    fn two_inputs_share_a_stream_only_if_they_are_equal(a in input(), b in input()) {
        let equal = format!("{:?}", parts(&a)) == format!("{:?}", parts(&b));
        prop_assert_eq!(stream(&a) == stream(&b), equal);
        prop_assert_eq!(a.key().unwrap() == b.key().unwrap(), equal);
    }

    #[test]
    fn the_order_of_files_and_upstream_does_not_count(input in input()) {
        let mut turned = input.clone();
        turned.inputs.reverse();
        turned.upstream.reverse();
        prop_assert_eq!(turned.key().unwrap(), input.key().unwrap());
    }
}
