//! A cursor over the value of a config file that knows its place and collects what is wrong.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::{ConfigError, Problem};
use super::nearest::nearest;
use super::remote::names_a_user;
use crate::trust::looks_private;

/// The problems of one file, as they are found.
#[derive(Debug)]
pub(super) struct Report<'f> {
    file: &'f Path,
    problems: RefCell<Vec<Problem>>,
}

impl<'f> Report<'f> {
    pub(super) const fn new(file: &'f Path) -> Self {
        Self { file, problems: RefCell::new(Vec::new()) }
    }

    /// `value` if nothing was found wrong with it.
    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        let problems = self.problems.into_inner();
        if problems.is_empty() { Ok(value) } else { Err(ConfigError { problems }) }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Top,
    Key(&'a str),
    Index(usize),
}

/// A value and where it stands. Every accessor reports what it refuses and then yields nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    value: &'a Value,
    step: Step<'a>,
    parent: Option<&'a Self>,
    report: &'a Report<'a>,
}

impl<'a> Place<'a> {
    /// The value of the whole file.
    pub(super) const fn top(value: &'a Value, report: &'a Report<'a>) -> Self {
        Self { value, step: Step::Top, parent: None, report }
    }

    /// Reports a problem of this value.
    pub(super) fn problem(&self, what: impl Into<String>, fix: impl Into<Option<String>>) {
        self.report.problems.borrow_mut().push(Problem {
            file: self.report.file.to_owned(),
            path: Some(self.path()),
            what: what.into(),
            fix: fix.into(),
        });
    }

    /// Reports that the value is not what it should be; `fix` says what to write.
    fn mismatch(&self, expected: &str, fix: impl Into<Option<String>>) {
        let absent = || self.value.is_null().then(|| "give it a value, or leave it out".to_owned());
        let fix = fix.into().or_else(absent);
        self.problem(format!("expected {expected}, found {}", describe(self.value)), fix);
    }

    /// The name of the config file.
    pub(super) fn file_name(&self) -> &'a str {
        self.report.file.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default()
    }

    /// `tasks.build.cache.inputs.files[0]`.
    fn path(&self) -> String {
        let mut path = self.parent.map(Self::path).unwrap_or_default();
        match self.step {
            Step::Top => {}
            Step::Index(index) => drop(write!(path, "[{index}]")),
            Step::Key(key) if is_identifier(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Key(key) => drop(write!(path, "[{key:?}]")),
        }
        path
    }

    /// The value as an object whose keys are all known; `example` shows one.
    pub(super) fn object(&'a self, known: &[&str], example: &str) -> Option<Object<'a>> {
        let object = self.map(example)?;
        for key in object.members.keys().filter(|key| !known.contains(&key.as_str())) {
            let fix = nearest(key, known.iter().copied()).map_or_else(
                || format!("known keys here: {}", known.join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            self.problem(format!("unknown key {key:?}"), fix);
        }
        Some(object)
    }

    /// The value as an object with keys of the user's choice; `example` shows one.
    pub(super) fn map(&'a self, example: &str) -> Option<Object<'a>> {
        let Value::Object(members) = self.value else {
            self.mismatch("an object", format!("write {example}"));
            return None;
        };
        Some(Object { members, place: self })
    }

    /// The elements of an array.
    fn array(&'a self) -> Option<impl Iterator<Item = Self>> {
        let Value::Array(elements) = self.value else {
            // Every list of a config is one of strings.
            let one = self.value.as_str().filter(|text| !is_secret(text)).unwrap_or("…");
            self.mismatch("an array of strings", format!("write [{one:?}]"));
            return None;
        };
        Some(elements.iter().enumerate().map(|(index, value)| Self {
            value,
            step: Step::Index(index),
            parent: Some(self),
            report: self.report,
        }))
    }

    pub(super) fn string(&self) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            let meant = match self.value {
                Value::Bool(_) | Value::Number(_) => Some(self.value.to_string()),
                _ => self.texts().filter(|texts| !texts.is_empty()).map(|texts| texts.join(" ")),
            };
            let meant = meant.filter(|meant| !is_secret(meant));
            self.mismatch("a string", meant.map(|meant| format!("write {meant:?}")));
        }
        text
    }

    /// A string that is more than white space and that a command line or a path can hold.
    pub(super) fn filled_string(&self) -> Option<&'a str> {
        let text = self.string()?;
        if text.trim().is_empty() {
            self.problem("an empty string", "write something, or leave it out".to_owned());
            return None;
        }
        if text.contains('\0') {
            self.problem("holds NUL, which no command and no path can", "remove it".to_owned());
            return None;
        }
        Some(text)
    }

    /// What `parse` makes of a string such as `example`.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &self,
        example: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(text) = self.value.as_str() else {
            self.mismatch(&format!("a string such as {example:?}"), None);
            return None;
        };
        parse(text).map_err(|error| self.problem(error.to_string(), None)).ok()
    }

    /// The value if it is an array of strings and nothing else; nothing is reported.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        self.value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
    }

    /// What `read` makes of every element; nothing when it yields nothing for one of them, after all of
    /// them were looked at.
    pub(super) fn each<T>(&'a self, mut read: impl FnMut(Self) -> Option<T>) -> Option<Vec<T>> {
        let mut sound = true;
        let mut all = Vec::new();
        for element in self.array()? {
            match read(element) {
                Some(one) => all.push(one),
                None => sound = false,
            }
        }
        sound.then_some(all)
    }

    /// An integer within `range`, which `expected` describes.
    pub(super) fn integer(
        &self,
        range: std::ops::RangeInclusive<u64>,
        expected: &str,
    ) -> Option<u64> {
        let number = self.value.as_u64().filter(|number| range.contains(number));
        if number.is_none() {
            self.mismatch(expected, None);
        }
        number
    }

    pub(super) fn is_false(&self) -> bool {
        *self.value == Value::Bool(false)
    }
}

/// The members of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    place: &'a Place<'a>,
}

impl<'a> Object<'a> {
    /// A member that may be absent.
    pub(super) fn get(&self, key: &'a str) -> Option<Place<'a>> {
        self.members.get(key).map(|value| self.at(key, value))
    }

    /// A member that must be there; `example` shows its value.
    pub(super) fn require(&self, key: &'a str, example: &str) -> Option<Place<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.place.problem(format!("{key:?} is missing"), format!("write {key}: {example}"));
        }
        found
    }

    /// All members with their names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Place<'a>)> {
        let this = *self;
        self.members.iter().map(move |(key, value)| (key.as_str(), this.at(key, value)))
    }

    pub(super) const fn members(&self) -> &'a Map<String, Value> {
        self.members
    }

    const fn at(&self, key: &'a str, value: &'a Value) -> Place<'a> {
        Place { value, step: Step::Key(key), parent: Some(self.place), report: self.place.report }
    }
}

/// Whether a key can follow a dot.
fn is_identifier(key: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    key.chars().next().is_some_and(|c| part(c) && !c.is_ascii_digit()) && key.chars().all(part)
}

/// Whether a text must not be shown: it holds a private key, or a URL with a user.
fn is_secret(text: &str) -> bool {
    looks_private(text) || names_a_user(text)
}

/// A value in a few words.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("the boolean {flag}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if is_secret(text) => "a string that holds a secret".to_owned(),
        Value::String(text) if text.chars().count() > 60 => "a long string".to_owned(),
        Value::String(text) => format!("the string {text:?}"),
        Value::Array(elements) if elements.is_empty() => "an empty array".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
