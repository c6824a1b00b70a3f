//! The values of config files, and what each depends on: read for a whole workspace at once.
//!
//! A row that is not as it should be is not there: its config is evaluated then.

use std::path::Path;

use rusqlite::{Connection, Row, params};

use super::connection::Store;
use super::error::StoreError;
use super::rows::ConfigRow;

/// How long a row stays that nobody has kept again, in milliseconds: 60 days. Whoever still needs it evaluates its
/// config once more.
const KEPT_FOR: i64 = 60 * 24 * 60 * 60 * 1000;

impl Store {
    /// All that is known of the configs of the workspace at `root`, and the salt of the variables' digests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn config_values(&mut self, root: &Path) -> Result<(Vec<ConfigRow>, String), StoreError> {
        let salt = self.salt()?;
        // A root that is not UTF-8 is never kept.
        let Some(root) = root.to_str() else { return Ok((Vec::new(), salt)) };
        let rows = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT path, made_by, depends_on, variables, value FROM config_values WHERE root = ?1",
            )?;
            let rows: rusqlite::Result<Vec<Option<ConfigRow>>> =
                statement.query_map([root], |row| Ok(config_row(row)))?.collect();
            rows
        })?;
        Ok((rows.into_iter().flatten().collect(), salt))
    }
}

fn config_row(row: &Row<'_>) -> Option<ConfigRow> {
    let text = |column: usize| Some(row.get_ref(column).ok()?.as_str().ok()?.to_owned());
    Some(ConfigRow {
        path: text(0)?,
        made_by: text(1)?,
        depends_on: text(2)?,
        variables: text(3)?,
        value: text(4)?,
    })
}

/// Keeps what a run learnt at `now` of the configs of the workspace at `root`.
pub(super) fn keep(
    connection: &Connection,
    root: &Path,
    rows: &[ConfigRow],
    now: i64,
) -> rusqlite::Result<()> {
    let Some(root) = root.to_str() else { return Ok(()) };
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO config_values
           (root, path, made_by, depends_on, variables, value, kept_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for ConfigRow { path, made_by, depends_on, variables, value } in rows {
        statement.execute(params![root, path, made_by, depends_on, variables, value, now])?;
    }
    connection
        .prepare_cached("DELETE FROM config_values WHERE kept_at < ?1")?
        .execute([now.saturating_sub(KEPT_FOR)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str, value: &str) -> ConfigRow {
        let text = |text: &str| text.to_owned();
        ConfigRow {
            path: text(path),
            made_by: text("node"),
            depends_on: text("[]"),
            variables: text("[]"),
            value: text(value),
        }
    }

    #[test]
    fn rows_are_replaced_one_by_one_and_belong_to_one_root() {
        let mut store = Store::in_memory().unwrap();
        let (here, there) = (Path::new("/w"), Path::new("/w2"));
        let first = [row("a", "1"), row("b", "2")];
        store.write(|transaction| keep(transaction, here, &first, 1)).unwrap();
        store.write(|transaction| keep(transaction, there, &[row("a", "3")], 1)).unwrap();
        store.write(|transaction| keep(transaction, here, &[row("b", "4")], 2)).unwrap();
        let (rows, salt) = store.config_values(here).unwrap();
        assert_eq!(rows, [row("a", "1"), row("b", "4")]);
        assert_eq!(salt.len(), 64);
        assert_eq!(store.config_values(there).unwrap().0, [row("a", "3")]);
    }

    #[test]
    fn old_rows_go_when_others_come() {
        let mut store = Store::in_memory().unwrap();
        let root = Path::new("/w");
        store.write(|transaction| keep(transaction, root, &[row("a", "1")], 1)).unwrap();
        let later = 2 + KEPT_FOR;
        store.write(|transaction| keep(transaction, root, &[row("b", "2")], later)).unwrap();
        assert_eq!(store.config_values(root).unwrap().0, [row("b", "2")]);
    }

    #[test]
    fn a_broken_row_is_not_there() {
        let mut store = Store::in_memory().unwrap();
        let root = Path::new("/w");
        let rows = [row("a", "1"), row("b", "2")];
        store.write(|transaction| keep(transaction, root, &rows, 1)).unwrap();
        store
            .write(|transaction| {
                transaction.execute("UPDATE config_values SET value = x'ff00' WHERE path = 'a'", [])
            })
            .unwrap();
        assert_eq!(store.config_values(root).unwrap().0, [row("b", "2")]);
    }
}
