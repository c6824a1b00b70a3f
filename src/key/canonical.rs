//! The hash of one task's evaluated config: canonical JSON, so that the order of properties does not count.
//!
//! Pure scheduling hints (how long, how often) are left out: they cannot change what a task that succeeds makes.

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

/// Members of `exec` that only say when to give up.
const SCHEDULING_HINTS: [&str; 2] = ["timeout", "retries"];

/// The canonical JSON of a value: object keys sorted bytewise, no white space.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    // serde_json's map is a BTreeMap (its `preserve_order` feature is off): keys come out sorted bytewise.
    value.to_string()
}

/// `taskConfigHash` of design section 5: 32 lower-case hex digits.
#[must_use]
pub fn task_config_hash(config: &Value) -> String {
    let mut config = config.clone();
    if let Some(exec) = config.get_mut("exec").and_then(Value::as_object_mut) {
        for hint in SCHEDULING_HINTS {
            exec.remove(hint);
        }
    }
    format!("{:032x}", xxh3_128(canonical_json(&config).as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn property_order_does_not_count() {
        let a: Value = serde_json::from_str(r#"{"b":1,"a":{"d":[1,2],"c":"x"}}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{ "a": {"c":"x","d":[1,2]}, "b":1 }"#).unwrap();
        assert_eq!(canonical_json(&a), r#"{"a":{"c":"x","d":[1,2]},"b":1}"#);
        assert_eq!(task_config_hash(&a), task_config_hash(&b));
    }

    #[test]
    fn array_order_counts() {
        assert_ne!(
            task_config_hash(&json!({"dependsOn": ["a", "b"]})),
            task_config_hash(&json!({"dependsOn": ["b", "a"]}))
        );
    }

    #[test]
    fn scheduling_hints_do_not_count() {
        let bare = json!({"exec": {"command": "tsc"}});
        let hinted = json!({"exec": {"command": "tsc", "timeout": 5, "retries": 2}});
        assert_eq!(task_config_hash(&bare), task_config_hash(&hinted));
        assert_ne!(
            task_config_hash(&bare),
            task_config_hash(&json!({"exec": {"command": "tsc -p ."}}))
        );
    }
}
