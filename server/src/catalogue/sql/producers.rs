//! Producers in the database, in the SQL that both databases speak. Compiled once for each.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row};

use xoay_format::Text;

use super::{Connection, EngineRow, Store, audit, listing, lock_slugs, now_ms, rows};
use crate::Error;
use crate::catalogue::listing::searched;
use crate::catalogue::{
    NewProducer, NewProduct, OrganisationId, Producer, ProducerId, ProducerPage, Producers,
    Province, WantedProducers,
};

/// Producers whose words are made in one transaction when a database of an older version is opened.
const BATCH: i64 = 500;

const WHOLE: &str = "SELECT p.*, (SELECT count(*) FROM products WHERE producer_id = p.id) AS product_count FROM producers p";

#[async_trait]
impl Producers for Store {
    async fn create_producer(&self, new: &NewProducer) -> Result<Producer, Error> {
        let mut tx = self.begin().await?;
        let id = insert(&mut tx, new).await?;
        let made = find(&mut tx, id).await?.ok_or_else(|| missing(id))?;
        tx.commit().await?;
        Ok(made)
    }

    async fn producer(&self, id: ProducerId) -> Result<Option<Producer>, Error> {
        find(&mut *self.reader().acquire().await?, id).await
    }

    async fn producers(&self, wanted: &WantedProducers) -> Result<ProducerPage, Error> {
        let words = searched(&wanted.words);
        let nothing = || ProducerPage {
            producers: Vec::new(),
            next: None,
        };
        // A text of signs alone is found nowhere.
        if words.as_ref().is_some_and(Vec::is_empty) {
            return Ok(nothing());
        }
        let words = words.unwrap_or_default();
        let mut statement = format!(
            "{WHOLE} WHERE ($1 IS NULL OR p.id < $1)
             AND ($2 IS NULL OR $2 LIKE '%' || p.organisation_id || '%')
             AND ($3 IS NULL OR p.organisation_id = $3)"
        );
        // Words hold letters and digits only: none of them means anything to LIKE.
        for number in 0..words.len() {
            statement += " AND p.words LIKE '% ' || $";
            statement += &(number + 5).to_string();
            statement += " || '%'";
        }
        statement += " ORDER BY p.id DESC LIMIT $4";
        let limit = wanted.limit.max(1);
        // Only constants and numbers are in the statement; what was asked for is in the parameters.
        let mut query = sqlx::query(AssertSqlSafe(statement))
            .bind(wanted.before.map(|id| id.to_string()))
            .bind(rows::reach(&wanted.reach))
            .bind(wanted.organisation.map(|id| id.to_string()))
            .bind(i64::from(limit) + 1);
        for word in words {
            query = query.bind(word);
        }
        let mut producers = query
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(producer)
            .collect::<Result<Vec<_>, _>>()?;
        let more = producers.len() > limit as usize;
        producers.truncate(limit as usize);
        let next = producers.last().filter(|_| more).map(|last| last.id);
        Ok(ProducerPage { producers, next })
    }

    async fn update_producer(&self, id: ProducerId, new: &NewProducer) -> Result<Producer, Error> {
        let mut tx = self.begin().await?;
        let update = sqlx::query(
            "UPDATE producers SET name_vi = $1, name_en = $2, commune_vi = $3, commune_en = $4, commune_code = $5,
             province = $6, address = $7, contact = $8, phone = $9, email = $10, registration_code = $11, words = $12,
             updated_ms = $13 WHERE id = $14",
        );
        let done = bind_said(update, new)
            .bind(now_ms())
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(|error| taken(error, new))?;
        if done.rows_affected() == 0 {
            return Err(missing(id));
        }
        rename_products(&mut tx, id, &new.name).await?;
        let changed = find(&mut tx, id).await?.ok_or_else(|| missing(id))?;
        let organisation = Some(changed.organisation);
        audit::note(
            &mut tx,
            "producer.update",
            &id.to_string(),
            organisation,
            changed.label(),
        )
        .await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn delete_producer(&self, id: ProducerId) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        let Some(gone) = find(&mut tx, id).await? else {
            return Ok(false);
        };
        let in_use = |products| Error::ProducerInUse { products };
        if gone.product_count > 0 {
            return Err(in_use(gone.product_count));
        }
        sqlx::query("DELETE FROM producers WHERE id = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            // A product that came in between.
            .map_err(|error| match &error {
                sqlx::Error::Database(told) if told.is_foreign_key_violation() => in_use(1),
                _ => error.into(),
            })?;
        let organisation = Some(gone.organisation);
        audit::note(
            &mut tx,
            "producer.delete",
            &id.to_string(),
            organisation,
            gone.label(),
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Who makes a product of this organisation, by what is said of it: the producer with the id; else the one of that name,
/// the product's own first, which is added where there is none; else nobody.
pub(super) async fn of_product(
    tx: &mut Connection,
    organisation: OrganisationId,
    new: &NewProduct,
    own: Option<ProducerId>,
) -> Result<(Option<ProducerId>, Text), Error> {
    if let Some(id) = new.producer_id {
        let named = find(tx, id).await?;
        let named = named.filter(|named| named.organisation == organisation);
        return Ok((Some(id), named.ok_or_else(|| missing(id))?.name));
    }
    if new.producer.is_empty() {
        return Ok((None, Text::default()));
    }
    lock_slugs(tx).await?;
    let found = sqlx::query(
        "SELECT id FROM producers WHERE organisation_id = $1 AND name_vi = $2 AND name_en = $3
         ORDER BY CASE WHEN id = $4 THEN 0 ELSE 1 END, id LIMIT 1",
    )
    .bind(organisation.to_string())
    .bind(&new.producer.vi)
    .bind(&new.producer.en)
    .bind(own.map(|id| id.to_string()))
    .fetch_optional(&mut *tx)
    .await?;
    let id = if let Some(row) = found {
        rows::id(&row, "id")?
    } else {
        let added = NewProducer {
            name: new.producer.clone(),
            organisation: Some(organisation),
            ..NewProducer::default()
        };
        insert(tx, &added).await?
    };
    Ok((Some(id), new.producer.clone()))
}

/// Makes the words of producers that a migration made of products' texts.
pub(super) async fn index_missing(store: &Store) -> Result<(), Error> {
    loop {
        let mut tx = store.begin().await?;
        let missing = sqlx::query(AssertSqlSafe(format!(
            "{WHOLE} WHERE p.words IS NULL ORDER BY p.id LIMIT $1"
        )))
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        if missing.is_empty() {
            return Ok(());
        }
        for row in &missing {
            let found = producer(row)?;
            sqlx::query("UPDATE producers SET words = $1 WHERE id = $2")
                .bind(found.said().words())
                .bind(found.id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
    }
}

type Engine = <EngineRow as Row>::Database;
type Statement<'q> = sqlx::query::Query<'q, Engine, <Engine as sqlx::Database>::Arguments>;

/// Binds what is said of a producer to the first twelve places, in the order of the table's columns.
fn bind_said<'q>(statement: Statement<'q>, new: &'q NewProducer) -> Statement<'q> {
    statement
        .bind(&new.name.vi)
        .bind(&new.name.en)
        .bind(&new.commune.vi)
        .bind(&new.commune.en)
        .bind(&new.commune_code)
        .bind(new.province.map(Province::code))
        .bind(&new.address)
        .bind(&new.contact)
        .bind(&new.phone)
        .bind(&new.email)
        .bind(new.registration_code.as_ref().map(ToString::to_string))
        .bind(new.words())
}

async fn insert(tx: &mut Connection, new: &NewProducer) -> Result<ProducerId, Error> {
    let (id, now_ms) = (ProducerId::fresh(), now_ms());
    let organisation = new.organisation.unwrap_or(OrganisationId::HOUSE);
    let insert = sqlx::query(
        "INSERT INTO producers (name_vi, name_en, commune_vi, commune_en, commune_code, province, address, contact, phone,
         email, registration_code, words, created_ms, updated_ms, id, organisation_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    );
    bind_said(insert, new)
        .bind(now_ms)
        .bind(now_ms)
        .bind(id.to_string())
        .bind(organisation.to_string())
        .execute(&mut *tx)
        .await
        .map_err(|error| taken(error, new))?;
    let name = new.name.get(xoay_format::Language::Vi);
    audit::note(
        tx,
        "producer.create",
        &id.to_string(),
        Some(organisation),
        name,
    )
    .await?;
    Ok(id)
}

/// The producer's products bear its name, and are found by it.
async fn rename_products(tx: &mut Connection, id: ProducerId, name: &Text) -> Result<(), Error> {
    let renamed = sqlx::query(
        "UPDATE products SET producer_vi = $1, producer_en = $2, updated_ms = $3
         WHERE producer_id = $4 AND (producer_vi <> $1 OR producer_en <> $2) RETURNING *",
    )
    .bind(&name.vi)
    .bind(&name.en)
    .bind(now_ms())
    .bind(id.to_string())
    .fetch_all(&mut *tx)
    .await?;
    for row in &renamed {
        listing::index(tx, &rows::product(row)?).await?;
    }
    Ok(())
}

async fn find(connection: &mut Connection, id: ProducerId) -> Result<Option<Producer>, Error> {
    sqlx::query(AssertSqlSafe(format!("{WHOLE} WHERE p.id = $1")))
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(producer)
        .transpose()
}

fn taken(error: sqlx::Error, new: &NewProducer) -> Error {
    match (&error, &new.registration_code) {
        (sqlx::Error::Database(told), Some(code)) if told.is_unique_violation() => {
            Error::RegistrationTaken {
                code: code.to_string(),
            }
        }
        _ => error.into(),
    }
}

fn missing(id: ProducerId) -> Error {
    Error::NoSuchProducer { id: id.to_string() }
}

fn producer(row: &EngineRow) -> Result<Producer, Error> {
    Ok(Producer {
        id: rows::id(row, "id")?,
        name: rows::text(row, "name_vi", "name_en")?,
        organisation: rows::id(row, "organisation_id")?,
        commune: rows::text(row, "commune_vi", "commune_en")?,
        commune_code: row.try_get("commune_code")?,
        province: rows::known(row, "province", Province::with_code)?,
        address: row.try_get("address")?,
        contact: row.try_get("contact")?,
        phone: row.try_get("phone")?,
        email: row.try_get("email")?,
        registration_code: rows::known(row, "registration_code", |text| text.parse().ok())?,
        product_count: rows::count(row, "product_count")?,
        created_at: rows::moment(row.try_get("created_ms")?)?,
        updated_at: rows::moment(row.try_get("updated_ms")?)?,
    })
}
