//! The pages for people: the studio, a product's page, and the bare page for frames.

mod assets;
mod linked_data;
mod pages;

use crate::api::{Access, Routes};

pub(crate) use pages::{
    Card, LanguageQuery, OWN_PAGE_POLICY, Speak, manifest_of, own_origin, page_language,
    public_product, render,
};

pub(crate) fn routes() -> Routes {
    // The pages hold nothing that is not public: what they show they ask of the API, as who looks at them.
    Routes::new()
        .get("/", Access::Public, pages::studio)
        .get("/sign-in", Access::Public, pages::sign_in)
        .get("/people", Access::Public, pages::people)
        .get("/producers", Access::Public, pages::producers)
        .get("/products/{id}", Access::Public, pages::product)
        .get("/embed/{id}", Access::Public, pages::embed)
        .get("/assets/{name}", Access::Public, assets::serve)
}
