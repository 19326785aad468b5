//! Care of what is kept: every byte checked against its hash, rows against objects and objects against rows; what
//! nothing names any more collected; the whole copied away.

mod backup;
mod collect;
mod verify;

use std::path::Path;
use std::sync::Arc;

pub use backup::{BackedUp, backup};
pub use collect::{Collected, collect};
pub use verify::{Fault, Verified, verify};

use crate::Error;
use crate::catalogue::{self, Records};
use crate::config;
use crate::store::Objects;

/// Where a service keeps what it has.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The data folder.
    pub data_dir: &'a Path,
    /// The database, `postgres://…`; `xoay.db` in the data folder where it is absent.
    pub database_url: Option<&'a str>,
    /// Where the objects lie, `file://` or `s3://`; in the data folder where it is absent.
    pub store_url: Option<&'a str>,
}

impl Kept<'_> {
    /// The database and the store.
    async fn open(&self) -> Result<(Arc<dyn Records>, Objects), Error> {
        let data_dir = self.data_dir;
        if self.database_url.is_none() && !data_dir.join("xoay.db").is_file() {
            return Err(Error::Configuration {
                reason: xoay_format::Text::new(
                    format!(
                        "{}: không có xoay.db; hãy đưa thư mục dữ liệu của dịch vụ bằng --data",
                        data_dir.display()
                    ),
                    format!(
                        "{}: no xoay.db is in it; give the service's data folder with --data",
                        data_dir.display()
                    ),
                ),
            });
        }
        let catalogue = catalogue::open(data_dir, self.database_url).await?;
        let objects = config::open_objects(data_dir, self.store_url)?;
        Ok((catalogue, objects))
    }
}

#[cfg(test)]
mod tests;
