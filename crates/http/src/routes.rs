//! From an operation table and its handlers to a router.

use crate::failure::{ApiError, Failure, Unrendered};
use crate::gate::{Gate, enter};
use crate::operation::{Operation, Verb};
use crate::request::RequestInfo;
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::on;
use muster_model::{Error, ErrorKind};
use muster_service::App;
use muster_service::limits::Limiter;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::Arc;

/// Builds an API's router from its table. Every row of the table is answered: a served one by its
/// handler after the caller was proved, any other by the vendor's "not supported".
pub struct Routes<V> {
    app: App,
    table: &'static [Operation],
    calls: Option<Arc<Limiter<String>>>,
    answered: HashSet<(Verb, &'static str)>,
    router: Router<App>,
    vendor: PhantomData<V>,
}

impl<V: ApiError> Routes<V> {
    /// Starts from `table`.
    pub fn new(app: &App, table: &'static [Operation]) -> Self {
        Self {
            app: app.clone(),
            table,
            calls: None,
            answered: HashSet::new(),
            router: Router::new(),
            vendor: PhantomData,
        }
    }

    /// The limits on calls an API, a user and an address that the vendor documents for this API apply, as
    /// far as they are switched on. To be said before the first [`Routes::on`].
    #[must_use]
    pub fn limited(mut self) -> Self {
        self.calls = Some(Arc::new(Limiter::new()));
        self
    }

    /// Lets `handler` answer the operation called `name`.
    ///
    /// # Panics
    /// If the table has no such served operation, or its path and method are taken: such a router must
    /// not start.
    #[must_use]
    pub fn on<H, T>(mut self, name: &str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let row = self.table.iter().find(|row| row.name == name && row.is_served());
        assert!(row.is_some(), "the table serves no operation {name}");
        if let Some(row) = row {
            assert!(self.answered.insert((row.verb, row.path)), "{name} is answered already");
            self.add(row, handler);
        }
        self
    }

    fn add<H, T>(&mut self, row: &'static Operation, handler: H)
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let gate = Gate { app: self.app.clone(), row, calls: self.calls.clone() };
        let route = on(row.verb.filter(), handler).route_layer(from_fn_with_state(gate, enter));
        self.router = std::mem::take(&mut self.router).route(row.path, route);
    }

    /// The router, with an answer for every row of the table.
    pub fn finish(mut self) -> Router {
        for row in self.table {
            if self.answered.insert((row.verb, row.path)) {
                self.add(row, move || unsupported(row.name));
            }
        }
        self.router.route_layer(from_fn(render::<V>)).with_state(self.app)
    }
}

async fn unsupported(name: &'static str) -> Failure {
    Failure(Error::new(ErrorKind::Unsupported, format!("{name} is not supported")))
}

/// Renders whatever failure comes out of a handler, an extractor or the proof of the caller.
async fn render<V: ApiError>(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let info = RequestInfo::of(&parts);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(unrendered) = response.extensions_mut().remove::<Unrendered>() else {
        return response;
    };
    let mut rendered = V::render(&unrendered.0, &info);
    rendered.extensions_mut().insert(unrendered);
    rendered
}
