//! `POST /v3/{project_id}/keypairs/private-key/batch-export`
//!
//! Typed as a text in the contract, with the name of a ZIP as its example, and written to a ZIP file by real
//! clients: the answer is that file, a `NAME.pem` for each pair.

use super::Named;
use crate::keypairs::Within;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::{Error, Result as ModelResult};
use muster_service::keypairs::Exported;
use muster_service::{App, keypairs};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Vec<Within<Named>>>,
) -> Result<impl IntoResponse, Failure> {
    let project = path.project()?;
    let names: Vec<_> = body.into_iter().map(|it| it.keypair.name).collect();
    let exported = keypairs::export(&app, &caller, &project, &names).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CONTENT_DISPOSITION, "attachment; filename=\"keypairs.zip\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, zipped(&exported)?))
}

/// Stored, not compressed: nothing of a key can be made shorter.
fn zipped(exported: &[Exported]) -> ModelResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(64 * 1024)));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o600);
    for key in exported {
        zip.start_file(format!("{}.pem", key.name), options).map_err(Error::internal)?;
        zip.write_all(key.private_key.as_bytes()).map_err(Error::internal)?;
    }
    Ok(zip.finish().map_err(Error::internal)?.into_inner())
}
