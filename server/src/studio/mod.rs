//! The pages for people: the studio, a product's page, and the bare page for frames.

mod assets;
mod linked_data;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::api::App;

pub(crate) use pages::{
    Card, LanguageQuery, OWN_PAGE_POLICY, Speak, manifest_of, own_origin, page_language,
    public_product, render,
};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(pages::studio))
        .route("/products/{id}", get(pages::product))
        .route("/embed/{id}", get(pages::embed))
        .route("/assets/{name}", get(assets::serve))
}
