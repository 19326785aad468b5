//! Care of what is kept: every byte checked against its hash, rows against objects and objects against rows; what
//! nothing names any more collected; the whole copied away.

mod backup;
mod collect;
mod verify;

use std::path::Path;

pub use backup::{BackedUp, backup};
pub use collect::{Collected, collect};
pub use verify::{Fault, Verified, verify};

use crate::Error;
use crate::catalogue::Sqlite;
use crate::config;
use crate::store::Objects;

/// The database and the store of a data folder.
async fn open(data_dir: &Path, store_url: Option<&str>) -> Result<(Sqlite, Objects), Error> {
    let file = data_dir.join("xoay.db");
    if !file.is_file() {
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
    let catalogue = Sqlite::open(&config::database_file(data_dir)?).await?;
    let objects = config::open_objects(data_dir, store_url)?;
    Ok((catalogue, objects))
}

#[cfg(test)]
mod tests;
