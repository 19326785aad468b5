//! The catalogue in one SQLite file: many readers, one writer.

// What both databases say alike stands once and is compiled for each of them.
#[allow(clippy::duplicate_mod)]
#[path = "../sql/audit.rs"]
mod audit;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/captures.rs"]
mod captures;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/dead.rs"]
mod dead;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/jobs.rs"]
mod jobs;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/listing.rs"]
mod listing;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/people.rs"]
mod people;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/producers.rs"]
mod producers;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/products.rs"]
mod products;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/references.rs"]
mod references;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/rows.rs"]
mod rows;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/sessions.rs"]
mod sessions;
#[allow(clippy::duplicate_mod)]
#[path = "../sql/uploads.rs"]
mod uploads;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite as Engine, SqlitePool, Transaction};

use self::Sqlite as Store;
use super::{ProductId, now_ms};
use crate::Error;

type Connection = sqlx::SqliteConnection;
type EngineRow = sqlx::sqlite::SqliteRow;

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// Whether there is a job to take of the kinds that $2 names, each between blanks.
const WAITING: &str = "SELECT 1 FROM jobs WHERE ((state = 'queued' AND run_after_ms <= $1)
     OR (state = 'running' AND lease_until_ms < $1)) AND instr($2, ' ' || kind || ' ') > 0 LIMIT 1";

/// Takes the job that has waited longest; the write lock keeps others away meanwhile.
const CLAIM: &str =
    "UPDATE jobs SET state = 'running', lease_token = $1, lease_until_ms = $2, attempts = attempts + 1,
         started_ms = coalesce(started_ms, $3)
     WHERE id = (
         SELECT id FROM jobs WHERE ((state = 'queued' AND run_after_ms <= $3)
         OR (state = 'running' AND lease_until_ms < $3)) AND instr($4, ' ' || kind || ' ') > 0
         ORDER BY run_after_ms, id LIMIT 1
     ) RETURNING *";

/// Whether the statement of a list is kept between calls.
const KEEPS_LISTS: bool = true;
/// Which products hold all of the words in $10, where that is not null.
const MATCHING: &str = "p.id IN (
         SELECT w.product_id FROM product_search s JOIN product_words w ON w.number = s.rowid
         WHERE s.words MATCH $10)";

/// The words as FTS5 takes them: each in quotes, each the beginning of a word, all of them wanted.
fn search_expression(words: &[String]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    quoted.join(" ")
}

/// The catalogue in an SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl Sqlite {
    /// Opens the file, which is made where it is absent, and brings its tables up to date.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::NoSpace`].
    pub async fn open(file: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged upload must survive a power cut; NORMAL may lose the last commits.
            .synchronous(SqliteSynchronous::Full);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("migrations/sqlite")
            .run(&writer)
            .await
            .map_err(|e| Error::Database(e.into()))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        let store = Self { readers, writer };
        listing::index_missing(&store).await?;
        producers::index_missing(&store).await?;
        Ok(store)
    }

    /// Where is read what may be a moment old.
    fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// Where single statements write.
    fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// A transaction that holds the write lock from its first moment.
    async fn begin(&self) -> Result<Transaction<'static, Engine>, Error> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Keeps others from changing the product until the transaction ends: the write lock does that already.
async fn lock_product(_: &mut Connection, _: ProductId) -> Result<(), Error> {
    Ok(())
}

/// Keeps others from taking a slug until the transaction ends: the write lock does that already.
async fn lock_slugs(_: &mut Connection) -> Result<(), Error> {
    Ok(())
}

/// Copies the database, as it is at one moment, into a file that is not there yet.
async fn copy_whole(store: &Store, file: &Path) -> Result<(), Error> {
    let path = file.to_str().ok_or_else(|| {
        Error::io(
            format!("writing {}", file.display()),
            std::io::Error::other("the path is no UTF-8"),
        )
    })?;
    sqlx::query("VACUUM INTO $1")
        .bind(path)
        .execute(store.writer())
        .await?;
    Ok(())
}
