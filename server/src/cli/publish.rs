//! `xoay publish`.

use xoay::{NewProduct, Published, publish};
use xoay_format::Text;

use super::args::PublishArguments;
use super::exit::{Code, Failure};
use super::serve::{runtime, service_message};
use super::terminal::Terminal;

/// Publishes finished folders into a data folder and says where the product stands.
pub fn run(arguments: PublishArguments, terminal: &Terminal) -> Result<(), Failure> {
    let product = NewProduct {
        slug: Some(arguments.slug),
        name: Text::new(arguments.name_vi, arguments.name_en),
        producer: Text::new(arguments.producer_vi, arguments.producer_en),
        commune: Text::new(arguments.commune_vi, arguments.commune_en),
        ..NewProduct::default()
    };
    let published: Published = runtime()?
        .block_on(publish(
            &arguments.keep.data,
            arguments.keep.database.as_deref(),
            arguments.keep.store.as_deref(),
            product,
            arguments.spin.as_deref(),
            arguments.model.as_deref(),
        ))
        .map_err(|error| Failure {
            code: Code::Service,
            message: service_message(&error),
        })?;
    terminal.done(
        &Text::new(
            format!("{}: phiên bản {}", published.page_path, published.version),
            format!("{}: version {}", published.page_path, published.version),
        ),
        serde_json::json!({ "path": published.page_path, "version": published.version }),
    );
    Ok(())
}
