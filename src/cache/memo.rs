//! The content hashes that outlive a run.

use std::path::Path;

use super::error::CacheError;
use super::handle::Cache;
use super::history::EndOfRun;
use crate::memo::Memo;

impl Cache {
    /// What earlier runs learnt of the files below `root`.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn memo(&self, root: &Path) -> Result<Memo, CacheError> {
        let known = self.with(|store| store.hashes_below(root))?;
        let confirmed = self.with(|store| store.confirmed(root))?;
        Ok(Memo::new(known).with_confirmed(confirmed))
    }

    /// The record of the last walk of the workspace at `root`, as [`EndOfRun::walk`] gave it.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn walk(&self, root: &Path) -> Result<Option<Vec<u8>>, CacheError> {
        self.with(|store| store.walk(root))
    }

    /// Keeps what the memo of the workspace at `root` learnt since it was last kept.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn keep_memo(&self, root: &Path, memo: &Memo) -> Result<(), CacheError> {
        self.end_run(&EndOfRun { memo: Some((root, memo)), ..EndOfRun::default() })
    }
}
