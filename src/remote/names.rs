//! What the objects of an artifact are called in a store without a wire of its own.

use crate::key::Key;

/// The most that is read of a tag.
pub(super) const LARGEST_TAG: usize = 16 * 1024;

/// The artifact. A key is 32 hex digits by its type, so this is never a path.
pub(super) fn artifact_name(key: &Key) -> String {
    format!("{key}.tar.zst")
}

/// Its tag, beside it.
pub(super) fn tag_name(key: &Key) -> String {
    format!("{key}.tar.zst.sig")
}
