use std::path::Path;
use std::sync::Arc;

use xoay_format::Text;

use super::{Postgres, Records, Sqlite};
use crate::Error;
use crate::config;

/// Opens the database at `url`, or the data folder's own file where there is none.
///
/// # Errors
/// [`Error::Configuration`] for an address that is none of PostgreSQL's; what the database says.
pub(crate) async fn open(data_dir: &Path, url: Option<&str>) -> Result<Arc<dyn Records>, Error> {
    match url {
        None => Ok(Arc::new(
            Sqlite::open(&config::database_file(data_dir)?).await?,
        )),
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Arc::new(Postgres::open(url).await?))
        }
        // The address may hold a password: it is not repeated.
        Some(_) => Err(Error::Configuration {
            reason: Text::new(
                "--database (XOAY_DATABASE) cần dạng postgres://người.dùng:mật.khẩu@máy.chủ/cơ.sở.dữ.liệu; \
                 bỏ trống để dùng tệp SQLite trong thư mục dữ liệu",
                "--database (XOAY_DATABASE) must look like postgres://user:password@host/database; \
                 leave it out to use the SQLite file in the data folder",
            ),
        }),
    }
}
