use std::path::Path;

use async_trait::async_trait;
use futures::TryStreamExt;
use serde_json::Value;
use sqlx::Row;

use super::rows::corrupt;
use super::{Store, copy_whole};
use crate::Error;
use crate::catalogue::{Reference, References, Stored};
use crate::store::{Class, ObjectKey};

/// Where rows name originals: each gives a name and its holder.
const ORIGINALS: &str = "
    SELECT object, 'photo ' || photos.name || ' of the product ' || slug AS holder
    FROM photos JOIN captures ON captures.id = capture_id JOIN products ON products.id = product_id
    UNION ALL
    SELECT object, 'model of the product ' || slug FROM models JOIN products ON products.id = product_id";

/// Where manifests name derived objects.
const MANIFESTS: &str = "
    SELECT result AS manifest, 'job ' || jobs.id || ' of the product ' || slug AS holder
    FROM jobs JOIN products ON products.id = product_id WHERE result IS NOT NULL
    UNION ALL
    SELECT manifest, 'version ' || version || ' of the product ' || slug
    FROM publications JOIN products ON products.id = product_id";

#[async_trait]
impl References for Store {
    async fn each_reference(&self, tell: &mut (dyn FnMut(Reference) + Send)) -> Result<(), Error> {
        // One transaction: all of it as it was at one moment.
        let mut tx = self.reader().begin().await?;
        let mut rows = sqlx::query(ORIGINALS).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            let name: &str = row.try_get("object")?;
            let key =
                ObjectKey::parse(Class::Original, name).ok_or_else(|| corrupt("object", name))?;
            tell(Reference {
                stored: Stored::Object(key),
                holder: row.try_get("holder")?,
            });
        }
        drop(rows);
        let mut rows = sqlx::query(MANIFESTS).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            let holder: String = row.try_get("holder")?;
            let manifest: Value = serde_json::from_str(row.try_get("manifest")?)
                .map_err(|e| corrupt("manifest", e))?;
            each_object(&manifest, &mut |key| {
                tell(Reference {
                    stored: Stored::Object(key),
                    holder: holder.clone(),
                });
            });
        }
        drop(rows);
        let parts = "SELECT object, 'upload ' || upload_id AS holder FROM upload_parts";
        let mut rows = sqlx::query(parts).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            tell(Reference {
                stored: Stored::Part(row.try_get("object")?),
                holder: row.try_get("holder")?,
            });
        }
        Ok(())
    }

    async fn copy_to(&self, file: &Path) -> Result<(), Error> {
        copy_whole(self, file).await
    }
}

/// Tells every derived object that a manifest names, wherever in it.
fn each_object(manifest: &Value, tell: &mut impl FnMut(ObjectKey)) {
    match manifest {
        Value::String(text) => {
            let name = text.rsplit('/').next().unwrap_or(text);
            if let Some(key) = ObjectKey::parse(Class::Derived, name) {
                tell(key);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_object(item, tell)),
        Value::Object(fields) => fields.values().for_each(|field| each_object(field, tell)),
        _ => {}
    }
}
