//! The catalogue for a touch screen at a fair.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use xoay_format::Language;

use crate::Error;
use crate::api::{Access, App, Query, Routes};
use crate::studio::{Card, OWN_PAGE_POLICY, Speak, manifest_of, page_language, render};

/// Products on one screen: more would not be scrolled through.
const PRODUCTS: u32 = 500;

#[derive(Template)]
#[template(path = "kiosk.html")]
struct KioskPage {
    language: Language,
    cards: Vec<Card>,
}

impl Speak for KioskPage {
    fn language(&self) -> Language {
        self.language
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new().get("/kiosk", Access::Public, kiosk).get(
        "/kiosk/worker.js",
        Access::Public,
        worker,
    )
}

/// The script that keeps the catalogue on the screen's own machine. It may act for `/kiosk` although it lies below.
async fn worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("service-worker-allowed"), "/kiosk"),
    ];
    (headers, include_str!("worker.js")).into_response()
}

async fn kiosk(
    State(app): State<Arc<App>>,
    Query(query): Query<crate::studio::LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    let published = app.catalogue.publications(PRODUCTS).await?;
    let mut cards = Vec::with_capacity(published.len());
    for (product, publication) in &published {
        match manifest_of(publication) {
            Ok(manifest) => cards.push(Card::new(product, &manifest, language)),
            // One broken product must not darken the screen.
            Err(error) => tracing::error!(product = %product.id, %error, "left out of the kiosk"),
        }
    }
    render(&KioskPage { language, cards }, language, OWN_PAGE_POLICY)
}
