//! The key pair API: key pairs for logging in to hosts, as the published clients use them.
#![forbid(unsafe_code)]

mod error;
mod keypairs;
mod operations;
mod private_key;
mod tasks;

pub use operations::OPERATIONS;

use axum::Router;
use error::Kps;
use muster_http::Routes;
use muster_service::App;

/// The API's router: an answer for every row of [`OPERATIONS`].
pub fn router(app: &App) -> Router {
    Routes::<Kps>::new(app, OPERATIONS)
        .on("CreateKeypair", keypairs::create::create)
        .on("BatchImportKeypair", keypairs::batch_import::import)
        .on("ListKeypairs", keypairs::list::list)
        .on("ListKeypairDetail", keypairs::show::show)
        .on("UpdateKeypairDescription", keypairs::update::update)
        .on("DeleteKeypair", keypairs::delete::delete)
        .on("ImportPrivateKey", private_key::import::import)
        .on("ExportPrivateKey", private_key::export::export)
        .on("BatchExportPrivateKey", private_key::batch_export::export)
        .on("ClearPrivateKey", private_key::clear::clear)
        .on("AssociateKeypair", tasks::associate::associate)
        .on("BatchAssociateKeypair", tasks::batch_associate::associate)
        .on("DisassociateKeypair", tasks::disassociate::disassociate)
        .on("ListKeypairTask", tasks::show::show)
        .on("ListRunningTask", tasks::list::running)
        .on("ListFailedTask", tasks::list::failed)
        .on("DeleteFailedTask", tasks::delete::one)
        .on("DeleteAllFailedTask", tasks::delete::all)
        .finish()
}
