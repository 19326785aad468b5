//! Lists of products, and the words that they are found by. Compiled once for each database.

use sqlx::{AssertSqlSafe, Row};

use super::{Connection, KEEPS_LISTS, MATCHING, Store, rows, search_expression};
use crate::Error;
use crate::catalogue::{
    Category, Product, ProductPage, ProductSummary, Province, PublicState, Wanted,
};

/// Products whose words are made in one transaction when a database of an older version is opened.
const BATCH: i64 = 500;

/// Every parameter has its number whether or not it narrows: one statement then serves all filters.
const SUMMARIES: &str = "SELECT p.*,
         (SELECT count(*) FROM captures c JOIN photos f ON f.capture_id = c.id WHERE c.product_id = p.id) AS photo_count,
         EXISTS (SELECT 1 FROM models WHERE product_id = p.id) AS has_model,
         (SELECT max(version) FROM publications WHERE product_id = p.id) AS version
     FROM products p WHERE ($1 IS NULL OR p.id < $1)
     AND ($2 IS NULL OR $2 LIKE '%' || p.organisation_id || '%')
     AND ($3 IS NULL OR p.province = $3)
     AND ($4 IS NULL OR p.category = $4)
     AND ($5 IS NULL OR p.stars = $5)
     AND ($6 IS NULL OR p.organisation_id = $6)
     AND ($7 IS NULL OR $7 = EXISTS (SELECT 1 FROM publications WHERE product_id = p.id))
     AND ($8 IS NULL OR p.producer_id = $8)";
const IN_ORDER: &str = " ORDER BY p.id DESC LIMIT $9"; // UUIDv7 ids order by time of creation

pub(super) async fn products(store: &Store, wanted: &Wanted) -> Result<ProductPage, Error> {
    let words = wanted.searched();
    // A text of signs alone is found in no product.
    if words.as_ref().is_some_and(Vec::is_empty) {
        return Ok(ProductPage {
            products: Vec::new(),
            next: None,
        });
    }
    let statement = match &words {
        None => format!("{SUMMARIES}{IN_ORDER}"),
        Some(_) => format!("{SUMMARIES} AND {MATCHING}{IN_ORDER}"),
    };
    let limit = wanted.limit.max(1);
    // Only constants are in the statement; what was asked for is in the parameters.
    let mut query = sqlx::query(AssertSqlSafe(statement))
        .persistent(KEEPS_LISTS)
        .bind(wanted.before.map(|id| id.to_string()))
        .bind(rows::reach(&wanted.reach))
        .bind(wanted.province.map(Province::code))
        .bind(wanted.category.map(Category::name))
        .bind(wanted.stars.map(i64::from))
        .bind(wanted.organisation.map(|id| id.to_string()))
        .bind(wanted.state.map(|state| state == PublicState::Published))
        .bind(wanted.producer.map(|id| id.to_string()))
        // One more than asked for tells whether there is a next page.
        .bind(i64::from(limit) + 1);
    if let Some(words) = words {
        query = query.bind(search_expression(&words));
    }
    let mut products = query
        .fetch_all(store.reader())
        .await?
        .iter()
        .map(|row| {
            Ok(ProductSummary {
                product: rows::product(row)?,
                photo_count: rows::count(row, "photo_count")?,
                has_model: row.try_get("has_model")?,
                version: rows::optional_count(row, "version")?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let more = products.len() > limit as usize;
    products.truncate(limit as usize);
    let next = products.last().filter(|_| more).map(|last| last.product.id);
    Ok(ProductPage { products, next })
}

/// Stores the words that the product is found by.
pub(super) async fn index(tx: &mut Connection, product: &Product) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO product_words (product_id, words) VALUES ($1, $2)
         ON CONFLICT (product_id) DO UPDATE SET words = excluded.words",
    )
    .bind(product.id.to_string())
    .bind(product.words())
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes the words of products that an older version stored.
pub(super) async fn index_missing(store: &Store) -> Result<(), Error> {
    loop {
        let mut tx = store.begin().await?;
        let missing = sqlx::query(
            "SELECT * FROM products p WHERE NOT EXISTS (SELECT 1 FROM product_words WHERE product_id = p.id)
             ORDER BY id LIMIT $1",
        )
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        if missing.is_empty() {
            return Ok(());
        }
        for row in &missing {
            index(&mut tx, &rows::product(row)?).await?;
        }
        tx.commit().await?;
    }
}
