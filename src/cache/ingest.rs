//! Taking in artifacts that were made elsewhere: verified, then published, then indexed.

use super::adopt;
use super::directory::{self, ArtifactFile, now};
use super::error::CacheError;
use super::handle::Cache;
use super::lookup::Entry;
use super::save::inline;
use crate::artifact::{Incoming, OutputPath};
use crate::key::Key;
use crate::store::{EntryRow, SavedRows};

impl Cache {
    /// Room for an artifact that comes from elsewhere.
    ///
    /// # Errors
    /// [`CacheError::Artifact`], [`CacheError::Directory`], [`CacheError::Closed`].
    pub fn incoming(&self) -> Result<Incoming, CacheError> {
        self.check_open()?;
        self.bring_back_directory()?;
        Ok(Incoming::new(self.dir())?)
    }

    /// Takes in an artifact, in place of one with the same key.
    ///
    /// # Errors
    /// [`CacheError::Artifact`]: it is damaged, another key's, or cannot be put into place; nothing has changed then.
    /// [`CacheError::Closed`].
    pub fn ingest(&self, key: &Key, incoming: Incoming) -> Result<Entry, CacheError> {
        self.check_open()?;
        let verified = incoming.verify(key)?;
        incoming.publish(&directory::artifact(self.dir(), key))?;
        let now = now();
        let file =
            ArtifactFile { key: key.clone(), size: verified.size, written_at: now, used_at: now };
        let row = EntryRow {
            stdout: inline(&verified.logs.stdout),
            stderr: inline(&verified.logs.stderr),
            ..adopt::row(verified.meta, &file)
        };
        let names: Vec<String> = verified.outputs.iter().map(OutputPath::entry_name).collect();
        let rows = SavedRows { entry: &row, output_names: &names, recorded: None, components: &[] };
        self.with(|store| store.save(&rows))?;
        Ok(row.into())
    }
}
