//! Products in the database, in the SQL that both databases speak. Compiled once for each.

use async_trait::async_trait;
use sqlx::Row;

use super::{
    Connection, Store, audit, captures, listing, lock_product, lock_slugs, now_ms, producers, rows,
};
use crate::Error;
use crate::catalogue::{
    CaptureId, Catalogue, Category, NewCapture, NewProduct, OrganisationId, Photo, Product,
    ProductId, ProductPage, Province, Publication, Upload, UploadLimits, Wanted,
};

/// How many numbers are tried after a taken slug.
const SLUG_TRIES: u32 = 10_000;

#[async_trait]
impl Catalogue for Store {
    async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT count(*) FROM products WHERE id = ''")
            .fetch_one(self.reader())
            .await?;
        Ok(())
    }

    async fn create_product(&self, new: &NewProduct) -> Result<Product, Error> {
        let mut tx = self.begin().await?;
        lock_slugs(&mut tx).await?;
        let slug = free_slug(&mut tx, new).await?;
        let product = insert(&mut tx, new, &slug).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn create_products(&self, new: &[NewProduct]) -> Result<Vec<ProductId>, Error> {
        let mut tx = self.begin().await?;
        lock_slugs(&mut tx).await?;
        let mut ids = Vec::with_capacity(new.len());
        for new in new {
            let slug = free_slug(&mut tx, new).await?;
            ids.push(insert(&mut tx, new, &slug).await?.id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    async fn product_by_slug_or_create(&self, new: &NewProduct) -> Result<Product, Error> {
        let slug = new.wanted_slug();
        let mut tx = self.begin().await?;
        lock_slugs(&mut tx).await?;
        let product = match by_slug(&mut tx, &slug).await? {
            None => insert(&mut tx, new, &slug).await?,
            Some(old)
                if (&old.name, &old.producer, &old.commune)
                    == (&new.name, &new.producer, &new.commune) =>
            {
                old
            }
            Some(old) => {
                let (producer_id, producer) =
                    producers::of_product(&mut tx, old.organisation, new, old.producer_id).await?;
                let row = sqlx::query(
                    "UPDATE products SET name_vi = $1, name_en = $2, producer_vi = $3, producer_en = $4,
                     commune_vi = $5, commune_en = $6, updated_ms = $7, producer_id = $9 WHERE id = $8 RETURNING *",
                )
                .bind(&new.name.vi)
                .bind(&new.name.en)
                .bind(&producer.vi)
                .bind(&producer.en)
                .bind(&new.commune.vi)
                .bind(&new.commune.en)
                .bind(now_ms())
                .bind(old.id.to_string())
                .bind(producer_id.map(|id| id.to_string()))
                .fetch_one(&mut *tx)
                .await?;
                let product = rows::product(&row)?;
                listing::index(&mut tx, &product).await?;
                note_update(&mut tx, &product).await?;
                product
            }
        };
        tx.commit().await?;
        Ok(product)
    }

    async fn product(&self, id: ProductId) -> Result<Option<Product>, Error> {
        let row = sqlx::query("SELECT * FROM products WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(rows::product).transpose()
    }

    async fn product_by_slug(&self, slug: &str) -> Result<Option<Product>, Error> {
        // PostgreSQL refuses to hear of such a text.
        if slug.contains('\0') {
            return Ok(None);
        }
        by_slug(&mut *self.reader().acquire().await?, slug).await
    }

    async fn products(&self, wanted: &Wanted) -> Result<ProductPage, Error> {
        listing::products(self, wanted).await
    }

    async fn update_product(&self, id: ProductId, new: &NewProduct) -> Result<Product, Error> {
        let missing = || Error::NoSuchProduct { id: id.to_string() };
        let mut tx = self.begin().await?;
        let old = sqlx::query("SELECT * FROM products WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let old = rows::product(&old.ok_or_else(missing)?)?;
        let (producer_id, producer) =
            producers::of_product(&mut tx, old.organisation, new, old.producer_id).await?;
        let row = sqlx::query(
            "UPDATE products SET name_vi = $1, name_en = $2, producer_vi = $3, producer_en = $4,
             commune_vi = $5, commune_en = $6, story_vi = $7, story_en = $8, gtin = $9, province = $10,
             commune_code = $11, category = $12, stars = $13, rated_year = $14, updated_ms = $15,
             producer_id = $17 WHERE id = $16 RETURNING *",
        )
        .bind(&new.name.vi)
        .bind(&new.name.en)
        .bind(&producer.vi)
        .bind(&producer.en)
        .bind(&new.commune.vi)
        .bind(&new.commune.en)
        .bind(&new.story.vi)
        .bind(&new.story.en)
        .bind(new.gtin.as_ref().map(ToString::to_string))
        .bind(new.province.map(Province::code))
        .bind(&new.commune_code)
        .bind(new.category.map(Category::name))
        .bind(new.rating.map(|rating| i64::from(rating.stars)))
        .bind(new.rating.map(|rating| i64::from(rating.year)))
        .bind(now_ms())
        .bind(id.to_string())
        .bind(producer_id.map(|id| id.to_string()))
        .fetch_optional(&mut *tx)
        .await?;
        let row = row.ok_or_else(missing)?;
        let product = rows::product(&row)?;
        listing::index(&mut tx, &product).await?;
        note_update(&mut tx, &product).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn put_photo(
        &self,
        capture: CaptureId,
        photo: &Photo,
        limits: &UploadLimits,
    ) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let product = captures::product_of(&mut tx, capture).await?;
        touch(&mut tx, product).await?;
        let others = sqlx::query(
            "SELECT count(*) AS photos, CAST(coalesce(sum(size_bytes), 0) AS BIGINT) AS bytes
             FROM captures c JOIN photos f ON f.capture_id = c.id
             WHERE c.product_id = $1 AND NOT (c.id = $2 AND f.name = $3)",
        )
        .bind(product.to_string())
        .bind(capture.to_string())
        .bind(&photo.name)
        .fetch_one(&mut *tx)
        .await?;
        if others.try_get::<i64, _>("photos")? >= i64::from(limits.photos) {
            return Err(Error::TooManyPhotos {
                limit: limits.photos,
            });
        }
        let bytes = others.try_get::<i64, _>("bytes")? as u64;
        if bytes.saturating_add(photo.upload.size_bytes) > limits.capture_bytes {
            return Err(Error::CaptureTooLarge {
                limit_bytes: limits.capture_bytes,
            });
        }
        sqlx::query(
            "INSERT INTO photos (capture_id, name, object, size_bytes, created_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (capture_id, name) DO UPDATE SET
             object = excluded.object, size_bytes = excluded.size_bytes, created_ms = excluded.created_ms",
        )
        .bind(capture.to_string())
        .bind(&photo.name)
        .bind(photo.upload.key.file_name())
        .bind(photo.upload.size_bytes as i64)
        .bind(now_ms())
        .execute(&mut *tx)
        .await?;
        let id = product.to_string();
        audit::note_of_product(&mut tx, "photo.put", &id, &photo.name).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn photos(&self, capture: CaptureId) -> Result<Vec<Photo>, Error> {
        sqlx::query("SELECT * FROM photos WHERE capture_id = $1 ORDER BY name")
            .bind(capture.to_string())
            .fetch_all(self.reader())
            .await?
            .iter()
            .map(rows::photo)
            .collect()
    }

    async fn delete_photo(&self, capture: CaptureId, name: &str) -> Result<bool, Error> {
        if name.contains('\0') {
            return Ok(false);
        }
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM photos WHERE capture_id = $1 AND name = $2")
            .bind(capture.to_string())
            .bind(name)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let product = captures::product_of(&mut tx, capture).await?;
        touch(&mut tx, product).await?;
        audit::note_of_product(&mut tx, "photo.delete", &product.to_string(), name).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn put_model(&self, product: ProductId, model: &Upload) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        touch(&mut tx, product).await?;
        sqlx::query(
            "INSERT INTO models (product_id, object, size_bytes, created_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (product_id) DO UPDATE SET
             object = excluded.object, size_bytes = excluded.size_bytes, created_ms = excluded.created_ms",
        )
        .bind(product.to_string())
        .bind(model.key.file_name())
        .bind(model.size_bytes as i64)
        .bind(now_ms())
        .execute(&mut *tx)
        .await?;
        let (id, object) = (product.to_string(), model.key.file_name());
        audit::note_of_product(&mut tx, "model.put", &id, &object).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn model(&self, product: ProductId) -> Result<Option<Upload>, Error> {
        sqlx::query("SELECT * FROM models WHERE product_id = $1")
            .bind(product.to_string())
            .fetch_optional(self.reader())
            .await?
            .as_ref()
            .map(rows::upload)
            .transpose()
    }

    async fn publish(&self, product: ProductId, manifest: &str) -> Result<Publication, Error> {
        let mut tx = self.begin().await?;
        lock_product(&mut tx, product).await?;
        let last = latest(&mut tx, product).await?;
        if let Some(last) = &last
            && last.manifest == manifest
        {
            return Ok(last.clone());
        }
        touch(&mut tx, product).await?;
        let row = sqlx::query(
            "INSERT INTO publications (product_id, version, manifest, created_ms) VALUES ($1, $2, $3, $4) RETURNING *",
        )
        .bind(product.to_string())
        .bind(last.map_or(1, |last| i64::from(last.version) + 1))
        .bind(manifest)
        .bind(now_ms())
        .fetch_one(&mut *tx)
        .await?;
        let publication = rows::publication(&row, "created_ms")?;
        let version = format!("version {}", publication.version);
        audit::note_of_product(&mut tx, "product.publish", &product.to_string(), &version).await?;
        tx.commit().await?;
        Ok(publication)
    }

    async fn publication(&self, product: ProductId) -> Result<Option<Publication>, Error> {
        let mut connection = self.reader().acquire().await?;
        latest(&mut connection, product).await
    }

    async fn publications(&self, limit: u32) -> Result<Vec<(Product, Publication)>, Error> {
        let found = sqlx::query(
            "SELECT p.*, l.version, l.manifest, l.created_ms AS published_ms
             FROM products p JOIN publications l ON l.product_id = p.id
             WHERE l.version = (SELECT max(version) FROM publications WHERE product_id = p.id)
             ORDER BY l.created_ms DESC, p.id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await?;
        found
            .iter()
            .map(|row| Ok((rows::product(row)?, rows::publication(row, "published_ms")?)))
            .collect()
    }
}

async fn by_slug(tx: &mut Connection, slug: &str) -> Result<Option<Product>, Error> {
    sqlx::query("SELECT * FROM products WHERE slug = $1")
        .bind(slug)
        .fetch_optional(tx)
        .await?
        .as_ref()
        .map(rows::product)
        .transpose()
}

/// The slug that the product wants, with a number where that is taken.
async fn free_slug(tx: &mut Connection, new: &NewProduct) -> Result<String, Error> {
    let wanted = new.wanted_slug();
    let mut slug = wanted.clone();
    let mut number = 1;
    while by_slug(tx, &slug).await?.is_some() {
        number += 1;
        if number > SLUG_TRIES {
            // So many products of one name: the id tells them apart.
            return Ok(format!("{wanted}-{}", ProductId::fresh()));
        }
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
}

async fn insert(tx: &mut Connection, new: &NewProduct, slug: &str) -> Result<Product, Error> {
    let now_ms = now_ms();
    let organisation = new.organisation.unwrap_or(OrganisationId::HOUSE);
    let (producer_id, producer) = producers::of_product(tx, organisation, new, None).await?;
    let row = sqlx::query(
        "INSERT INTO products (id, slug, name_vi, name_en, producer_vi, producer_en, commune_vi, commune_en,
         created_ms, updated_ms, organisation_id, story_vi, story_en, gtin, province, commune_code, category,
         stars, rated_year, producer_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
         RETURNING *",
    )
    .bind(ProductId::fresh().to_string())
    .bind(slug)
    .bind(&new.name.vi)
    .bind(&new.name.en)
    .bind(&producer.vi)
    .bind(&producer.en)
    .bind(&new.commune.vi)
    .bind(&new.commune.en)
    .bind(now_ms)
    .bind(now_ms)
    .bind(organisation.to_string())
    .bind(&new.story.vi)
    .bind(&new.story.en)
    .bind(new.gtin.as_ref().map(ToString::to_string))
    .bind(new.province.map(Province::code))
    .bind(&new.commune_code)
    .bind(new.category.map(Category::name))
    .bind(new.rating.map(|rating| i64::from(rating.stars)))
    .bind(new.rating.map(|rating| i64::from(rating.year)))
    .bind(producer_id.map(|id| id.to_string()))
    .fetch_one(&mut *tx)
    .await?;
    let product = rows::product(&row)?;
    captures::insert(tx, product.id, 1, &NewCapture::default()).await?;
    listing::index(tx, &product).await?;
    let id = product.id.to_string();
    audit::note(tx, "product.create", &id, Some(product.organisation), slug).await?;
    Ok(product)
}

async fn latest(
    connection: &mut Connection,
    product: ProductId,
) -> Result<Option<Publication>, Error> {
    sqlx::query("SELECT * FROM publications WHERE product_id = $1 ORDER BY version DESC LIMIT 1")
        .bind(product.to_string())
        .fetch_optional(connection)
        .await?
        .as_ref()
        .map(|row| rows::publication(row, "created_ms"))
        .transpose()
}

async fn note_update(tx: &mut Connection, product: &Product) -> Result<(), Error> {
    let (id, organisation) = (product.id.to_string(), Some(product.organisation));
    audit::note(tx, "product.update", &id, organisation, &product.slug).await
}

/// Marks the product as changed now.
async fn touch(tx: &mut Connection, product: ProductId) -> Result<(), Error> {
    let done = sqlx::query("UPDATE products SET updated_ms = $1 WHERE id = $2")
        .bind(now_ms())
        .bind(product.to_string())
        .execute(tx)
        .await?;
    if done.rows_affected() == 0 {
        return Err(Error::NoSuchProduct {
            id: product.to_string(),
        });
    }
    Ok(())
}
