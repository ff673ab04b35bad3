//! The database of a copy.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, params};

use super::state::{ListState, Pass, Record};
use crate::error::{BulkError, BulkErrorKind};
use crate::job::{is_there, removed};
use crate::replaced_file::replace;

pub(super) struct Store {
    path: PathBuf,
    connection: Connection,
}

impl Store {
    /// Makes the database and its tables. Names of lists are letters, digits, `-` and `_`.
    pub(super) fn create(path: &Path, lists: &[&str]) -> Result<(), BulkError> {
        let create = || {
            let connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS _lists (name TEXT PRIMARY KEY, state TEXT NOT NULL);
                 CREATE TABLE IF NOT EXISTS _deleted (
                     list TEXT NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL,
                     run INTEGER NOT NULL, PRIMARY KEY (list, id)
                 );",
            )?;
            for list in lists {
                connection.execute_batch(&format!(
                    "CREATE TABLE IF NOT EXISTS \"{list}\" (
                         id TEXT PRIMARY KEY, record TEXT NOT NULL, updated INTEGER,
                         changed INTEGER NOT NULL, pass INTEGER NOT NULL
                     );"
                ))?;
            }
            // Of the tables, no part is in another file from here on.
            connection.execute_batch("PRAGMA journal_mode = WAL;")
        };
        create().map_err(|error| failed(path, error))
    }

    /// Opens the database of a job, which has the tables of these lists.
    pub(super) fn open(path: &Path, lists: &[&str]) -> Result<Store, BulkError> {
        let mut store = Self::read(path)?;
        let has_all = store.has_tables(lists);
        if !has_all.map_err(|error| failed(path, error))? {
            return Err(damaged(path));
        }
        Ok(store)
    }

    /// Opens the database to read it, also while another process writes to it.
    pub(super) fn read(path: &Path) -> Result<Store, BulkError> {
        if !is_there(path) {
            return Err(removed(path));
        }
        let connection = connect(path, OpenFlags::empty()).map_err(|error| failed(path, error))?;
        Ok(Store {
            path: path.to_owned(),
            connection,
        })
    }

    fn has_tables(&mut self, lists: &[&str]) -> rusqlite::Result<bool> {
        let query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
        let mut query = self.connection.prepare(query)?;
        for table in lists.iter().chain(&["_lists", "_deleted"]) {
            let found: i64 = query.query_row([table], |row| row.get(0))?;
            if found == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn state(&mut self, list: &str) -> Result<ListState, BulkError> {
        let query = "SELECT state FROM _lists WHERE name = ?1";
        let state: Option<String> = self
            .connection
            .query_row(query, [list], |row| row.get(0))
            .optional()
            .map_err(|error| failed(&self.path, error))?;
        let Some(state) = state else {
            return Ok(ListState::default());
        };
        serde_json::from_str(&state).map_err(|_| damaged(&self.path))
    }

    pub(super) fn write_state(&mut self, list: &str, state: &ListState) -> Result<(), BulkError> {
        self.change(|transaction| put_state(transaction, list, state))
    }

    /// Writes the records of a page, and how far the list was read, in one transaction.
    pub(super) fn write_page(
        &mut self,
        list: &str,
        state: &mut ListState,
        pass: &mut Pass,
        page: &[Record],
    ) -> Result<(), BulkError> {
        let mut next = pass.clone();
        let run = to_sql(state.runs);
        self.change(|transaction| {
            let mut find =
                transaction.prepare(&format!("SELECT record FROM \"{list}\" WHERE id = ?1"))?;
            let mut put = transaction.prepare(&format!(
                "INSERT INTO \"{list}\" (id, record, updated, changed, pass)
                 VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (id) DO UPDATE SET
                     record = excluded.record, updated = excluded.updated,
                     changed = excluded.changed, pass = excluded.pass"
            ))?;
            let mut keep =
                transaction.prepare(&format!("UPDATE \"{list}\" SET pass = ?2 WHERE id = ?1"))?;
            let mut revive =
                transaction.prepare("DELETE FROM _deleted WHERE list = ?1 AND id = ?2")?;
            for record in page {
                next.read += 1;
                next.latest = next.latest.max(record.updated);
                // The platform's clocks differ, so the version that was read last is the latest.
                let known: Option<String> =
                    find.query_row([&record.id], |row| row.get(0)).optional()?;
                match known {
                    Some(json) if json == record.json => {
                        keep.execute(params![record.id, run])?;
                        continue;
                    }
                    Some(_) => next.updated += 1,
                    None => {
                        next.added += 1;
                        revive.execute(params![list, record.id])?;
                    }
                }
                put.execute(params![record.id, record.json, record.updated, run])?;
            }
            state.pass = Some(next.clone());
            put_state(transaction, list, state)
        })?;
        *pass = next;
        Ok(())
    }

    /// The number of records that no pass has found since this run, and of all records.
    pub(super) fn missing(&mut self, list: &str, since: u64) -> Result<(u64, u64), BulkError> {
        let query = format!("SELECT count(*) FROM \"{list}\" WHERE pass < ?1");
        let missing: i64 = self
            .connection
            .query_row(&query, [to_sql(since)], |row| row.get(0))
            .map_err(|error| failed(&self.path, error))?;
        Ok((missing.unsigned_abs(), self.rows(list)?))
    }

    /// Moves the records that no pass has found since this run to the deleted ones.
    pub(super) fn remove(
        &mut self,
        list: &str,
        since: u64,
        state: &ListState,
    ) -> Result<(), BulkError> {
        self.change(|transaction| {
            transaction.execute(
                &format!(
                    "INSERT OR REPLACE INTO _deleted (list, id, record, run)
                     SELECT ?1, id, record, ?2 FROM \"{list}\" WHERE pass < ?3"
                ),
                params![list, to_sql(state.runs), to_sql(since)],
            )?;
            transaction.execute(
                &format!("DELETE FROM \"{list}\" WHERE pass < ?1"),
                [to_sql(since)],
            )?;
            put_state(transaction, list, state)
        })
    }

    pub(super) fn rows(&mut self, list: &str) -> Result<u64, BulkError> {
        let query = format!("SELECT count(*) FROM \"{list}\"");
        let rows: i64 = self
            .connection
            .query_row(&query, [], |row| row.get(0))
            .map_err(|error| failed(&self.path, error))?;
        Ok(rows.unsigned_abs())
    }

    /// Leaves all records in the file of the database itself, unless a reader prevents it.
    pub(super) fn finish(&mut self) -> Result<(), BulkError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| failed(&self.path, error))
    }

    /// Writes the records of a list to a file, under another name until it is complete.
    pub(super) fn write_records(&mut self, list: &str, path: &Path) -> Result<u64, BulkError> {
        let what = "the records cannot be written";
        replace(path, what, |file| {
            let failed_write = |cause: io::Error| BulkError::io(what, path, cause);
            let read = |error| failed(&self.path, error);
            let mut file = BufWriter::new(file);
            let mut query = self
                .connection
                .prepare(&format!("SELECT record FROM \"{list}\" ORDER BY id"))
                .map_err(read)?;
            let mut rows = query.query([]).map_err(read)?;
            let mut count = 0;
            while let Some(row) = rows.next().map_err(read)? {
                let record: String = row.get(0).map_err(read)?;
                writeln!(file, "{record}").map_err(failed_write)?;
                count += 1;
            }
            let file = file
                .into_inner()
                .map_err(|error| failed_write(error.into_error()))?;
            Ok((file, count))
        })
    }

    /// Checks the pages and indexes of the database.
    pub(super) fn check(&mut self) -> Result<(), BulkError> {
        let result: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(|error| failed(&self.path, error))?;
        match result.as_str() {
            "ok" => Ok(()),
            _ => Err(damaged(&self.path)),
        }
    }

    fn change(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), BulkError> {
        let path = &self.path;
        let result = self.connection.transaction().and_then(|transaction| {
            change(&transaction)?;
            transaction.commit()
        });
        result.map_err(|error| failed(path, error))
    }
}

fn connect(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch("PRAGMA synchronous = NORMAL;")?;
    Ok(connection)
}

fn put_state(transaction: &Transaction<'_>, list: &str, state: &ListState) -> rusqlite::Result<()> {
    let json = serde_json::to_string(state)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction.execute(
        "INSERT OR REPLACE INTO _lists (name, state) VALUES (?1, ?2)",
        params![list, json],
    )?;
    Ok(())
}

fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Messages of SQLite name tables and columns, and contain no records.
fn failed(path: &Path, error: rusqlite::Error) -> BulkError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => return damaged(path),
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    BulkError::io(
        "the database cannot be read or written",
        path,
        io::Error::new(kind, error),
    )
}

fn damaged(path: &Path) -> BulkError {
    BulkError::new(
        BulkErrorKind::Damaged,
        "the database was changed by another program, or is incomplete",
        "restore it from a backup, or start a new job in another folder",
    )
    .at(path)
}
