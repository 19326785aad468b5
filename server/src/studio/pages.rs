use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use xoay_format::{Language, ProductManifest};

use super::linked_data::linked_data;
use crate::Error;
use crate::api::{App, Path, Query, authority, poster_of, preferred};
use crate::catalogue::{Gtin, Product, ProductId, Province, Publication, Rating};

/// What a page of ours may load and run, and who may frame it.
pub(crate) const OWN_PAGE_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    img-src 'self' blob: data:; connect-src 'self' blob: data:; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
/// The same for the page that others frame.
const FRAMED_PAGE_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    img-src 'self' blob: data:; connect-src 'self' blob: data:; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors *";

/// What every page knows: its language.
pub(crate) trait Speak {
    fn language(&self) -> Language;

    /// The wording in the page's language.
    fn t(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.language() {
            Language::Vi => vi,
            Language::En => en,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct LanguageQuery {
    lang: Option<String>,
}

impl LanguageQuery {
    /// As an address with `?lang=` says it.
    pub(crate) fn of(lang: Option<String>) -> Self {
        Self { lang }
    }
}

/// The language that the address asks for, else the visitor's own.
pub(crate) fn page_language(query: &LanguageQuery, headers: &HeaderMap) -> Language {
    query
        .lang
        .as_deref()
        .and_then(|tag| tag.parse().ok())
        .unwrap_or_else(|| preferred(headers))
}

/// A product as pages show it.
pub(crate) struct Card {
    pub(crate) id: ProductId,
    pub(crate) name: String,
    pub(crate) producer: String,
    pub(crate) commune: String,
    pub(crate) province: &'static str,
    pub(crate) story: String,
    pub(crate) gtin: Option<Gtin>,
    pub(crate) rating: Option<Rating>,
    pub(crate) poster: Option<Poster>,
    /// What lies behind the poster, `#rrggbb`.
    pub(crate) background: String,
    pub(crate) has_spin: bool,
    pub(crate) has_model: bool,
}

pub(crate) struct Poster {
    pub(crate) url: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) media_type: &'static str,
}

/// Where pages find an object that a manifest names: they stand elsewhere than the manifest, only the name is the same.
pub(super) fn object_path(url: &str) -> String {
    format!("/objects/{}", url.rsplit('/').next().unwrap_or_default())
}

impl Card {
    pub(crate) fn new(product: &Product, manifest: &ProductManifest, language: Language) -> Self {
        let poster = poster_of(manifest).map(|image| Poster {
            url: object_path(&image.url),
            width: image.width,
            height: image.height,
            media_type: image.format.media_type(),
        });
        Self {
            id: product.id,
            name: product.name.get(language).to_owned(),
            producer: product.producer.get(language).to_owned(),
            commune: product.commune.get(language).to_owned(),
            province: product.province.map(Province::name).unwrap_or_default(),
            story: product.story.get(language).to_owned(),
            gtin: product.gtin.clone(),
            rating: product.rating,
            poster,
            background: manifest
                .spin
                .as_ref()
                .map_or("#ffffff", |spin| spin.background.as_str())
                .to_owned(),
            has_spin: manifest.spin.is_some(),
            has_model: manifest.model.is_some(),
        }
    }

    /// The frame that shows the product on a page that takes no scripts.
    pub(crate) fn frame(
        &self,
        origin: &str,
        language: Language,
        width: u32,
        height: u32,
    ) -> String {
        format!(
            "<iframe src=\"{origin}/embed/{}?lang={}\" title=\"{}\" width=\"{width}\" height=\"{height}\" \
             loading=\"lazy\" allow=\"fullscreen; xr-spatial-tracking\" allowfullscreen></iframe>",
            self.id,
            language.tag(),
            escape_attribute(&self.name)
        )
    }

    /// Commune and province in one line.
    pub(crate) fn place(&self) -> String {
        [self.commune.as_str(), self.province]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Producer and commune in one line.
    pub(crate) fn origin(&self) -> String {
        [self.producer.as_str(), self.commune.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

#[derive(Template)]
#[template(path = "studio.html")]
struct StudioPage {
    language: Language,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    language: Language,
    /// The host of the identity provider, where there is one.
    provider: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    language: Language,
}

#[derive(Template)]
#[template(path = "producers.html")]
struct ProducersPage {
    language: Language,
}

#[derive(Template)]
#[template(path = "product.html")]
struct ProductPage {
    language: Language,
    card: Card,
    origin: String,
    linked_data: String,
}

#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedPage {
    language: Language,
    card: Card,
}

macro_rules! speak {
    ($($page:ty),*) => {
        $(impl Speak for $page {
            fn language(&self) -> Language {
                self.language
            }
        })*
    };
}
speak!(
    StudioPage,
    SignInPage,
    PeoplePage,
    ProducersPage,
    ProductPage,
    EmbedPage
);

impl ProductPage {
    /// What a shop pastes into its page.
    fn snippet(&self) -> String {
        let size = self
            .card
            .poster
            .as_ref()
            .map_or_else(String::new, |poster| {
                format!(" width=\"{}\" height=\"{}\"", poster.width, poster.height)
            });
        format!(
            "<script type=\"module\" src=\"{0}/viewer/xoay-viewer.js\"></script>\n\
             <xoay-viewer src=\"{0}/products/{1}/manifest.json\"{size}></xoay-viewer>",
            self.origin, self.card.id
        )
    }

    /// For pages that take no scripts.
    fn frame_snippet(&self) -> String {
        self.card.frame(&self.origin, self.language, 640, 480)
    }

    /// Where the page's oEmbed answer is.
    fn oembed(&self) -> String {
        let page = format!(
            "{}/products/{}?lang={}",
            self.origin,
            self.card.id,
            self.language.tag()
        );
        let asked = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("url", &page)
            .append_pair("format", "json")
            .finish();
        format!("{}/oembed?{asked}", self.origin)
    }
}

fn escape_attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

pub(super) async fn studio(
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    render(&StudioPage { language }, language, OWN_PAGE_POLICY)
}

pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    let provider = app.oidc.as_ref().map(|oidc| oidc.host().to_owned());
    render(
        &SignInPage { language, provider },
        language,
        OWN_PAGE_POLICY,
    )
}

pub(super) async fn people(
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    render(&PeoplePage { language }, language, OWN_PAGE_POLICY)
}

pub(super) async fn producers(
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    render(&ProducersPage { language }, language, OWN_PAGE_POLICY)
}

pub(super) async fn product(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LanguageQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    let (product, manifest) = public_product(&app, &id).await?;
    let card = Card::new(&product, &manifest, language);
    let origin = own_origin(&app, &uri, &headers);
    let page = ProductPage {
        language,
        linked_data: linked_data(&card, &manifest, &origin),
        card,
        origin,
    };
    render(&page, language, OWN_PAGE_POLICY)
}

pub(super) async fn embed(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LanguageQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let language = page_language(&query, &headers);
    let (product, manifest) = public_product(&app, &id).await?;
    let card = Card::new(&product, &manifest, language);
    render(&EmbedPage { language, card }, language, FRAMED_PAGE_POLICY)
}

/// A product that is public, with what it shows.
pub(crate) async fn public_product(
    app: &App,
    id: &str,
) -> Result<(Product, ProductManifest), Error> {
    let product = app.product(id).await?;
    let publication = app
        .catalogue
        .publication(product.id)
        .await?
        .ok_or(Error::NotPublished)?;
    let manifest = manifest_of(&publication)?;
    Ok((product, manifest))
}

/// What a publication shows.
pub(crate) fn manifest_of(publication: &Publication) -> Result<ProductManifest, Error> {
    serde_json::from_str(&publication.manifest).map_err(|e| Error::Corrupt {
        what: "manifest",
        reason: e.to_string(),
    })
}

/// The origin that visitors know us by: the configured one, else the one that this visitor used.
pub(crate) fn own_origin(app: &App, uri: &Uri, headers: &HeaderMap) -> String {
    if let Some(url) = &app.public_url {
        return url.origin().ascii_serialization();
    }
    // The service itself speaks plain HTTP; behind a proxy that adds TLS, --public-url says so.
    format!("http://{}", authority(uri, headers))
}

/// The page as an answer that no cache keeps beyond its visitor.
pub(crate) fn render(
    page: &impl Template,
    language: Language,
    policy: &'static str,
) -> Result<Response, Error> {
    let html = page.render().map_err(|e| Error::Corrupt {
        what: "page",
        reason: e.to_string(),
    })?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::CONTENT_LANGUAGE, language.tag()),
        (header::VARY, "accept-language"),
    ];
    Ok((headers, Html(html)).into_response())
}
