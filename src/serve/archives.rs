//! Pages of archives (RFC 5005 §4), read from their files when somebody asks; and what is said where there is none.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::{
    on_demand::OnDemand,
    router::{NOT_KEPT, SHORTLY, come_again, nothing, plain},
};
use crate::publish::{Archived, Archives, Edition};

/// How soon to come again for a page whose file cannot be read, in seconds: somebody has to mend it.
const ONCE_MENDED: HeaderValue = HeaderValue::from_static("3600");

/// How soon to come again while newsdesk starts, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("5");

/// What is to be had at a path below `/archives/`.
pub(super) enum Asked {
    Page(Arc<Edition>),
    /// A page for people, which can be made.
    ToMake,
    /// It is not there; this is what there is to say.
    Instead(Response),
}

pub(super) async fn find(archives: &Archives, on_demand: &OnDemand, path: &str) -> Asked {
    if !path.ends_with(".atom") {
        return archives.instead_of(path).map_or(Asked::ToMake, answer);
    }
    // Reading one takes a millisecond or two; what many ask for is in memory.
    let (archives, path) = (archives.clone(), path.to_owned());
    let found = on_demand.beside(move || archives.find(&path)).await;
    answer(found.unwrap_or(Archived::Starting))
}

fn answer(found: Archived) -> Asked {
    Asked::Instead(match found {
        Archived::Page(page) => return Asked::Page(page),
        Archived::NotYet { current } => {
            let mut response =
                plain(StatusCode::TEMPORARY_REDIRECT, SHORTLY, "What is not archived yet is with what is current.\n");
            if let Ok(current) = HeaderValue::from_str(&current) {
                response.headers_mut().insert(header::LOCATION, current);
            }
            response
        }
        Archived::Gone => plain(StatusCode::GONE, SHORTLY, "This page of the archive is no longer kept.\n"),
        Archived::Damaged => damaged(),
        Archived::Starting => come_again(SOON, "The archives are being looked up; try again shortly.\n"),
        Archived::Nothing => nothing(),
    })
}

pub(super) fn damaged() -> Response {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, NOT_KEPT, "This page cannot be read at present.\n");
    response.headers_mut().insert(header::RETRY_AFTER, ONCE_MENDED);
    response
}
