//! The catalogue in PostgreSQL: any number of services and workers on one database.
//!
//! The clocks of the machines must agree to well under a lease: moments are written by the process that acts.

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
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres as Engine, Transaction};

use xoay_format::Text;

use self::Postgres as Store;
use super::{ProductId, now_ms};
use crate::Error;

type Connection = sqlx::PgConnection;
type EngineRow = sqlx::postgres::PgRow;

/// Connections of one process; a server takes 100 unless it is told otherwise.
const CONNECTIONS: u32 = 12;
/// How long a request waits for one of them.
const CONNECTION_WITHIN: Duration = Duration::from_secs(10);
/// Locks of slugs are taken under this number: any that no one else uses on this database.
const SLUG_LOCK: i64 = 0x786f_6179_736c_7567;

/// Whether there is a job to take of the kinds that $2 names, each between blanks.
const WAITING: &str =
    "SELECT 1 FROM jobs WHERE ((state = 'queued' AND run_after_ms <= $1)
     OR (state = 'running' AND lease_until_ms < $1)) AND strpos($2, ' ' || kind || ' ') > 0 LIMIT 1";

/// Takes the job that has waited longest of those that nobody else is taking at this moment.
const CLAIM: &str =
    "UPDATE jobs SET state = 'running', lease_token = $1, lease_until_ms = $2, attempts = attempts + 1,
         started_ms = coalesce(started_ms, $3)
     WHERE id = (
         SELECT id FROM jobs WHERE ((state = 'queued' AND run_after_ms <= $3)
         OR (state = 'running' AND lease_until_ms < $3)) AND strpos($4, ' ' || kind || ' ') > 0
         ORDER BY run_after_ms, id LIMIT 1
         FOR UPDATE SKIP LOCKED
     ) RETURNING *";

/// Whether the statement of a list is kept between calls. It is not: after five of them PostgreSQL plans it once for
/// all filters, and a word that all of 15,000 products hold then took 36 ms where 1 ms had been enough.
const KEEPS_LISTS: bool = false;
/// Which products hold all of the words in $10, where that is not null.
const MATCHING: &str = "p.id IN (
         SELECT w.product_id FROM product_words w WHERE w.lexemes @@ CAST($10 AS tsquery))";

/// The words as a `tsquery`: each in quotes, each the beginning of a word, all of them wanted.
fn search_expression(words: &[String]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}':*")).collect();
    quoted.join(" & ")
}

/// The catalogue in a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Connects to `postgres://user:password@host/database` and brings its tables up to date; of many processes
    /// that start at once, one does that and the others wait.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::NoSpace`].
    pub async fn open(url: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)?.application_name("xoay");
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECTION_WITHIN)
            .connect_with(options)
            .await?;
        sqlx::migrate!("migrations/postgres")
            .run(&pool)
            .await
            .map_err(|e| Error::Database(e.into()))?;
        let store = Self { pool };
        listing::index_missing(&store).await?;
        producers::index_missing(&store).await?;
        Ok(store)
    }

    /// Where is read what may be a moment old.
    fn reader(&self) -> &PgPool {
        &self.pool
    }

    /// Where single statements write.
    fn writer(&self) -> &PgPool {
        &self.pool
    }

    /// A transaction. What it must not share with others it locks by `lock_…`.
    async fn begin(&self) -> Result<Transaction<'static, Engine>, Error> {
        Ok(self.pool.begin().await?)
    }
}

/// Keeps others from changing the product until the transaction ends.
async fn lock_product(tx: &mut Connection, product: ProductId) -> Result<(), Error> {
    sqlx::query("SELECT 1 FROM products WHERE id = $1 FOR UPDATE")
        .bind(product.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps others from taking a slug until the transaction ends.
async fn lock_slugs(tx: &mut Connection) -> Result<(), Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(SLUG_LOCK)
        .execute(tx)
        .await?;
    Ok(())
}

/// PostgreSQL has its own way to copy a database.
async fn copy_whole(_: &Store, _: &Path) -> Result<(), Error> {
    Err(Error::Configuration {
        reason: Text::new(
            "cơ sở dữ liệu PostgreSQL được sao lưu bằng pg_dump, xem docs/OPERATING.md; \
             `xoay backup` chỉ sao lưu thư mục dữ liệu có xoay.db",
            "a PostgreSQL database is backed up by pg_dump, see docs/OPERATING.md; \
             `xoay backup` copies data folders with an xoay.db only",
        ),
    })
}
