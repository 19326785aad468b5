//! The catalogue for a touch screen at a fair.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use xoay_format::Language;

use crate::Error;
use crate::api::{App, Query};
use crate::studio::{Card, OWN_PAGE_POLICY, Speak, page_language, render};

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

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/kiosk", get(kiosk))
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
        match Card::new(product, publication, language) {
            Ok(card) => cards.push(card),
            // One broken product must not darken the screen.
            Err(error) => tracing::error!(product = %product.id, %error, "left out of the kiosk"),
        }
    }
    render(&KioskPage { language, cards }, language, OWN_PAGE_POLICY)
}
