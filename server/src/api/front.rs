//! The whole HTTP interface: objects that are held in memory at once, everything else by its route.
//!
//! A visitor's page asks for dozens of objects and little else. Past six layers of routing each took 36 µs of processor time,
//! of which 22 are the kernel's for 100 KB.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use super::guard::Guard;
use super::observe::Observer;
use super::{App, EXPOSED_HEADERS, OBJECT_ROUTE, objects};

/// What answers requests; a clone is cheap.
#[derive(Clone)]
pub(crate) struct Front {
    shared: Arc<Shared>,
    router: Router,
}

struct Shared {
    app: Arc<App>,
    guard: Arc<Guard>,
    observer: Observer,
    exposed: HeaderValue,
}

impl Front {
    pub(crate) fn new(app: Arc<App>, guard: Guard) -> Self {
        let guard = Arc::new(guard);
        let observer = Observer::of(&app);
        Self {
            router: super::router(app.clone(), guard.clone()),
            shared: Arc::new(Shared {
                app,
                guard,
                observer,
                exposed: HeaderValue::from_static(EXPOSED_HEADERS),
            }),
        }
    }

    /// Answers a request.
    pub(crate) async fn answer<B>(self, request: Request<B>) -> Result<Response, Infallible>
    where
        B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (parts, body) = request.into_parts();
        let Shared {
            app,
            guard,
            observer,
            exposed,
        } = &*self.shared;
        if guard
            .admit(&parts.method, &parts.uri, &parts.headers)
            .is_ok()
            && let Some(held) = objects::held(app, &parts).await
        {
            let observation = observer.begin(&parts, OBJECT_ROUTE);
            let mut response = held.answer(&parts).into_response();
            let headers = response.headers_mut();
            // What the routes' layer for other origins says of a request that is no preflight.
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_ORIGIN,
                HeaderValue::from_static("*"),
            );
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
            return Ok(observer.end(&observation, response));
        }
        let request = Request::from_parts(parts, Body::new(body));
        self.router.oneshot(request).await
    }
}
