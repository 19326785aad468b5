use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xoay_format::Text;

use super::uploads::{PhotoView, UploadView};
use super::{App, Path, Query};
use crate::Error;
use crate::catalogue::{
    Capture, Category, Job, JobKind, NewProduct, OrganisationId, Produced, Product, ProductId,
    ProductSummary, Province, PublicState, Publication, Reach, Wanted,
};
use crate::people::{Actor, Permission};
use crate::publishing::make_public;

/// Products in one answer.
const PAGE: u32 = 100;

/// What a list is asked for, as it stands in an address. An empty value asks for nothing, as a form sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    stars: String,
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    producer: String,
    before: Option<String>,
    limit: Option<u32>,
}

impl PageQuery {
    fn wanted(self, reach: Reach) -> Result<Wanted, Error> {
        let before = self
            .before
            .map(|id| id.parse().map_err(|_| Error::NoSuchProduct { id }))
            .transpose()?;
        Ok(Wanted {
            reach,
            province: asked(&self.province, "province", Province::with_code)?,
            category: asked(&self.category, "category", Category::named)?,
            stars: asked(&self.stars, "stars", |text| {
                text.parse().ok().filter(|stars| (3..=5).contains(stars))
            })?,
            organisation: asked(&self.organisation, "organisation", |text| text.parse().ok())?,
            state: asked(&self.state, "state", PublicState::named)?,
            producer: asked(&self.producer, "producer", |text| text.parse().ok())?,
            words: self.q,
            before,
            limit: self.limit.unwrap_or(PAGE).clamp(1, PAGE),
        })
    }
}

/// A filter's value; nothing where it is empty.
pub(super) fn asked<T>(
    text: &str,
    field: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or_else(|| Error::Field {
        field,
        rule: Text::new(
            "không phải là giá trị mà bộ lọc này biết",
            "not a value that this filter knows",
        ),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductPage {
    products: Vec<ProductSummary>,
    /// What to give as `before` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<ProductId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductView {
    #[serde(flatten)]
    product: Product,
    state: &'static str,
    /// The photos of the current capture.
    photos: Vec<PhotoView>,
    captures: Vec<Capture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<UploadView>,
    jobs: Vec<Job>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publication: Option<PublicationView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicationView {
    version: u32,
    #[serde(with = "time::serde::rfc3339")]
    published_at: OffsetDateTime,
    manifest: String,
    page: String,
}

impl PublicationView {
    fn new(product: ProductId, publication: &Publication) -> Self {
        Self {
            version: publication.version,
            published_at: publication.created_at,
            manifest: format!("/products/{product}/manifest.json"),
            page: format!("/products/{product}"),
        }
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let page = app
        .catalogue
        .products(&query.wanted(actor.reach(Permission::Read))?)
        .await?;
    Ok(fresh(Json(ProductPage {
        products: page.products,
        next: page.next,
    })))
}

/// Adds a product to the organisation that is named, else to the first one where the caller may.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(actor): Extension<Actor>,
    body: Result<Json<NewProduct>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(mut new) = body?;
    new.organisation = Some(owner(&app, &actor, new.organisation).await?);
    let product = app.catalogue.create_product(&new.checked()?).await?;
    let location = format!("/api/products/{}", product.id);
    let view = view(&app, product).await?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response())
}

/// Whose something new is: the organisation that is named, else the first one where the caller may edit.
pub(super) async fn owner(
    app: &App,
    actor: &Actor,
    named: Option<OrganisationId>,
) -> Result<OrganisationId, Error> {
    let organisation = match (named, actor.reach(Permission::Edit)) {
        (Some(named), _) => named,
        (None, Reach::Of(own)) => own.first().copied().ok_or(Error::NotPermitted)?,
        (None, Reach::All) => OrganisationId::HOUSE,
    };
    let known = app
        .people
        .organisations(&Reach::Of(vec![organisation]))
        .await?;
    if known.is_empty() || !actor.may(Permission::Read, organisation) {
        return Err(Error::NoSuchOrganisation {
            id: organisation.to_string(),
        });
    }
    if !actor.may(Permission::Edit, organisation) {
        return Err(Error::NotPermitted);
    }
    Ok(organisation)
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Json<NewProduct>, JsonRejection>,
) -> Result<Response, Error> {
    let Json(new) = body?;
    let product = app.product(&id).await?;
    let product = app
        .catalogue
        .update_product(product.id, &new.checked()?)
        .await?;
    Ok(fresh(Json(view(&app, product).await?)))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    Ok(fresh(Json(view(&app, product).await?)))
}

/// Publishes what the latest successful jobs made. Their objects are stored and durable: a job is done only then.
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let product = app.product(&id).await?;
    let (mut spin, mut model) = (None, None);
    for kind in JobKind::ALL {
        match app.queue.latest_produced(product.id, kind).await? {
            Some(Produced::Spin(made)) => spin = Some(made.manifest),
            Some(Produced::Model(made)) => model = Some(made),
            None => {}
        }
    }
    if let Some(model) = &model {
        spin = spin.map(|spin| model.track(spin));
    }
    let model = model.map(|made| made.manifest);
    let publication = make_public(&*app.catalogue, &product, spin, model).await?;
    tracing::info!(product = %product.id, version = publication.version, "published");
    Ok(fresh(Json(PublicationView::new(product.id, &publication))))
}

async fn view(app: &App, product: Product) -> Result<ProductView, Error> {
    let id = product.id;
    let publication = app.catalogue.publication(id).await?;
    let captures = app.captures.captures(id).await?;
    let photos = match captures.first() {
        Some(current) => app.catalogue.photos(current.id).await?,
        None => Vec::new(),
    };
    Ok(ProductView {
        product,
        state: if publication.is_some() {
            "published"
        } else {
            "draft"
        },
        photos: photos.iter().map(PhotoView::from).collect(),
        captures,
        model: app
            .catalogue
            .model(id)
            .await?
            .as_ref()
            .map(UploadView::from),
        jobs: app.queue.jobs(id).await?,
        publication: publication.as_ref().map(|p| PublicationView::new(id, p)),
    })
}

/// Drafts are no business of any cache.
pub(super) fn fresh(body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}
