//! Every operation of SCM v3, served or not.

use muster_http::{Operation, Verb};
use muster_model::Action;

const CERTIFICATES: &str = "/v3/scm/certificates";
const BUY: &str = "/v3/scm/certificates/buy";
const IMPORT: &str = "/v3/scm/certificates/import";
const CERTIFICATE: &str = "/v3/scm/certificates/{certificate_id}";
const APPLY: &str = "/v3/scm/certificates/{certificate_id}/apply";
const BATCH_PUSH: &str = "/v3/scm/certificates/{certificate_id}/batch-push";
const CANCEL: &str = "/v3/scm/certificates/{certificate_id}/cancel-cert";
const DEPLOY: &str = "/v3/scm/certificates/{certificate_id}/deploy";
const EXPORT: &str = "/v3/scm/certificates/{certificate_id}/export";
const PUSH: &str = "/v3/scm/certificates/{certificate_id}/push";
const UNSUBSCRIBE: &str = "/v3/scm/certificates/{cert_id}/unsubscribe";
const CSRS: &str = "/v3/scm/csr";
const CSR_UPLOAD: &str = "/v3/scm/csr/upload";
const CSR: &str = "/v3/scm/csr/{id}";
const CSR_KEY: &str = "/v3/scm/csr/{id}/private-key";
const DEPLOYED: &str = "/v3/scm/deployed-resources";
const NOTICES_OFF: &str = "/v3/scm/notification/disable";
const NOTICES_ON: &str = "/v3/scm/notification/enable";
const ALL_TAGS: &str = "/v3/scm/tags";
const TAGS: &str = "/v3/scm/{resource_id}/tags";
const TAGS_BATCH: &str = "/v3/scm/{resource_id}/tags/action";
const INSTANCES: &str = "/v3/scm/{resource_instances}/action";

/// The table. A POST that only looks may be repeated within the life of its signature.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    Operation::served("ListCertificates", Verb::Get, CERTIFICATES, Action::CertList, "Certificates of the account"),
    Operation::served("SubscribeCertificate", Verb::Post, BUY, Action::CertApply, "Order certificates of the account's own authority"),
    Operation::served("ImportCertificate", Verb::Post, IMPORT, Action::CertImport, "Import a certificate with its key"),
    Operation::served("UnsubscribeCertificate", Verb::Delete, UNSUBSCRIBE, Action::CertApply, "Give an ordered certificate back"),
    Operation::served("DeleteCertificate", Verb::Delete, CERTIFICATE, Action::CertDelete, "Delete a certificate with its key"),
    Operation::served("ShowCertificate", Verb::Get, CERTIFICATE, Action::CertShow, "One certificate, without its text and keys"),
    Operation::served("ApplyCertificate", Verb::Post, APPLY, Action::CertApply, "Apply for an ordered certificate"),
    Operation::served("BatchPushCertificate", Verb::Post, BATCH_PUSH, Action::CertPush, "Put a certificate into a target of the operator's, for several projects"),
    Operation::served("CancelCertificateRequest", Verb::Post, CANCEL, Action::CertApply, "Take an application back"),
    Operation::served("DeployCertificate", Verb::Post, DEPLOY, Action::CertPush, "Put a certificate into several targets of the operator's"),
    Operation::served("ExportCertificate", Verb::Post, EXPORT, Action::CertExport, "Export a certificate with its key"),
    Operation::served("PushCertificate", Verb::Post, PUSH, Action::CertPush, "Put a certificate into a target of the operator's"),
    Operation::served("ListCsr", Verb::Get, CSRS, Action::CsrList, "Certificate requests of the account"),
    Operation::served("CreateCsr", Verb::Post, CSRS, Action::CsrCreate, "Make a key and a certificate request"),
    Operation::served("UploadCsr", Verb::Post, CSR_UPLOAD, Action::CsrCreate, "Keep a certificate request made elsewhere"),
    Operation::served("DeleteCsr", Verb::Delete, CSR, Action::CsrDelete, "Delete a certificate request with its key"),
    Operation::served("ShowCsr", Verb::Get, CSR, Action::CsrList, "One certificate request"),
    Operation::served("UpdateCsr", Verb::Put, CSR, Action::CsrCreate, "Rename a certificate request"),
    Operation::served("ShowCsrPrivateKey", Verb::Get, CSR_KEY, Action::CsrExport, "Export the key of a certificate request").exporting(),
    Operation::served("ListDeployedResources", Verb::Post, DEPLOYED, Action::CertList, "In which targets certificates are now"),
    Operation::served("DisableNotification", Verb::Post, NOTICES_OFF, Action::CertUpdate, "Want no notices of certificates"),
    Operation::served("EnableNotification", Verb::Post, NOTICES_ON, Action::CertUpdate, "Want notices before certificates expire and when they have"),
    Operation::served("ListAllTags", Verb::Get, ALL_TAGS, Action::CertList, "Every tag certificates have"),
    Operation::served("ListTagsByCertificate", Verb::Get, TAGS, Action::CertList, "Tags of a certificate"),
    Operation::served("CreateCertificateTag", Verb::Post, TAGS, Action::CertUpdate, "Add a tag to a certificate"),
    Operation::served("BatchCreateOrDeleteTags", Verb::Post, TAGS_BATCH, Action::CertUpdate, "Add or remove tags of a certificate"),
    Operation::served("ListCertificatesByTag", Verb::Post, INSTANCES, Action::CertList, "Certificates with or without certain tags"),
];
