//! What is in images on hosts: the order to look, and what was found.

use super::{moment, own, wanted};
use crate::list::{Answer, DataList, Done, int32};
use crate::query::{paging, text, word};
use crate::vulnerability::places::URGENCY;
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Error, Page, Result};
use muster_service::App;
use muster_service::images::{self, Named, Piece, Wanted, WantedWeakness, Weakness};
use muster_service::vulnerabilities::Class;
use serde::{Deserialize, Serialize};

/// Images named in one call.
pub(super) const MAX_NAMED: usize = 200;
/// Where images may lie. All but the first are registries, of which none is known.
const PLACES: &[&str] = &[
    "local_image",
    "private_image",
    "shared_image",
    "instance_image",
    "cicd",
    "harbor",
    "jfrog",
    "registry",
];

/// `LocalImageBatchScanRequestBody`. What limits all is that of the list.
#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    operate_all: Option<bool>,
    image_info_list: Option<Vec<Image>>,
    image_name: Option<String>,
    image_version: Option<String>,
    local_image_type: Option<String>,
    scan_status: Option<String>,
    image_size: Option<i64>,
    start_latest_update_time: Option<i64>,
    end_latest_update_time: Option<i64>,
    start_latest_scan_time: Option<i64>,
    end_latest_scan_time: Option<i64>,
}

/// `LocalImageInfo`.
#[derive(Debug, Deserialize)]
pub(super) struct Image {
    image_id: Option<String>,
    image_digest: Option<String>,
    image_name: Option<String>,
    image_version: Option<String>,
}

impl Order {
    /// The filters, as the list would get them.
    fn params(&self) -> Params {
        let texts = [
            ("image_name", self.image_name.clone()),
            ("image_version", self.image_version.clone()),
            ("local_image_type", self.local_image_type.clone()),
            ("scan_status", self.scan_status.clone()),
        ];
        let numbers = [
            ("image_size", self.image_size),
            ("start_latest_update_time", self.start_latest_update_time),
            ("end_latest_update_time", self.end_latest_update_time),
            ("start_latest_scan_time", self.start_latest_scan_time),
            ("end_latest_scan_time", self.end_latest_scan_time),
        ];
        let numbers = numbers.into_iter().map(|(name, it)| (name, it.map(|it| it.to_string())));
        let all = texts.into_iter().chain(numbers);
        all.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// The image that an entry of the list `parameter` names, within those of `within`.
pub(super) fn named(parameter: &'static str, image: &Image, within: &Wanted) -> Result<Wanted> {
    let digest = image.image_id.clone().or_else(|| image.image_digest.clone());
    let digest = digest.filter(|it| !it.is_empty());
    let (name, version) = (image.image_name.clone(), image.image_version.clone());
    if digest.is_none() && name.as_ref().is_none_or(String::is_empty) {
        return Err(Error::invalid(parameter, "each needs image_id, image_digest or image_name"));
    }
    // The id says it all; names may have changed meanwhile.
    let by_name = digest.is_none();
    let (name, version) = (name.filter(|_| by_name), version.filter(|_| by_name));
    Ok(Wanted { named: Named { digest, name, version }, ..within.clone() })
}

/// `BatchScanLocalImage`.
pub(crate) async fn order(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
    Json(order): Json<Order>,
) -> Answer<Done> {
    let within = super::of_enterprise(&params)?;
    let listed = order.image_info_list.as_deref().unwrap_or_default();
    let mut whole = false;
    let all: Vec<Wanted> = if order.operate_all == Some(true) {
        let params = order.params();
        whole = params == Params::default();
        let wanted = wanted(&params)?;
        wanted.map(|it| Wanted { hosts: within.hosts.clone(), ..it }).into_iter().collect()
    } else if (1..=MAX_NAMED).contains(&listed.len()) {
        let each = listed.iter().map(|it| named("image_info_list", it, &within));
        each.collect::<Result<_>>()?
    } else {
        let why = "must name 1 to 200 images, unless operate_all is true";
        return Err(Error::invalid("image_info_list", why).into());
    };
    images::scan(&app, &caller, &path.project()?, &all, whole).await?;
    Ok(Json(Done {}))
}

/// `ImageAppsInfo` and `LocalImageAppList`, which are the same.
#[derive(Debug, Serialize)]
pub(crate) struct Software {
    app_name: String,
    app_type: String,
    app_version: String,
    /// Only where it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    vul_num: Option<i32>,
}

impl From<&Piece> for Software {
    fn from(piece: &Piece) -> Self {
        let kind = piece.kind.name().to_owned();
        Self {
            app_name: piece.name.clone(),
            app_type: if piece.file_type.is_empty() { kind } else { piece.file_type.clone() },
            app_version: piece.version.clone(),
            vul_num: piece.vulnerabilities.map(int32),
        }
    }
}

/// `ListLocalImageAppInfo`.
pub(crate) async fn software(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<Software>> {
    let (id, paging) = (params.required("image_id")?, paging(&params)?);
    let (project, name) = (path.project()?, text(&params, "app_name")?);
    let page = images::software(&app, &caller, &project, id, name, paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// The image a path names, by its id with or without `sha256:`.
fn id_in(path: &PathParams) -> String {
    match path.text("image_id") {
        id if id.contains(':') => id.to_owned(),
        id => format!("sha256:{id}"),
    }
}

/// Whether images on hosts are asked for.
fn is_local(params: &Params) -> Result<bool> {
    params.required("image_type")?;
    Ok(word(params, "image_type", PLACES)? == Some("local_image"))
}

/// `ListImageApps`.
pub(crate) async fn software_of(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<Software>> {
    let (local, paging) = (is_local(&params)?, paging(&params)?);
    let (project, name) = (path.project()?, text(&params, "app_name")?);
    let id = id_in(&path);
    let mut page = images::software(&app, &caller, &project, &id, name, paging).await?;
    if !local {
        page = Page { total: 0, rows: Vec::new() };
    }
    Ok(Json(DataList::of(&page)))
}

/// `ImageVulInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct Vulnerability {
    vul_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    repair_necessity: Option<&'static str>,
    description: String,
    /// The digest of the layer that brought the software, where that is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    position: String,
    app_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    app_path: String,
    version: String,
    solution: String,
    url: String,
}

impl From<&Weakness> for Vulnerability {
    fn from(it: &Weakness) -> Self {
        let grade = URGENCY.iter().find(|(_, grades)| grades.contains(&it.grade));
        Self {
            vul_id: it.id.clone(),
            repair_necessity: grade.map(|(word, _)| *word),
            description: it.summary.clone(),
            position: it.layer.clone(),
            app_name: it.name.clone(),
            app_path: it.path.clone(),
            version: it.version.clone(),
            solution: match it.fixed.first() {
                Some(version) => format!("Upgrade {} {} to {version}.", it.name, it.version),
                None => format!("No version of {} is known to repair it.", it.name),
            },
            url: it.url.clone(),
        }
    }
}

/// `ListImageVulnerabilities`.
pub(crate) async fn vulnerabilities(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<Vulnerability>> {
    const WORDS: &[&str] = &["immediate_repair", "delay_repair", "not_needed_repair"];
    let mut possible = is_local(&params)?;
    // Nothing was ever handled.
    let handled = word(&params, "handle_status", &["unhandled", "handled"])?;
    possible &= handled != Some("handled") && own(&params, "instance_id")?.is_none();
    let grade = word(&params, "repair_necessity", WORDS)?;
    let grade = URGENCY.iter().find(|(word, _)| Some(*word) == grade);
    let class = word(&params, "type", &["linux_vul", "app_vul"])?;
    let wanted = WantedWeakness {
        grades: grade.map(|(_, grades)| grades.to_vec()).unwrap_or_default(),
        part: own(&params, "vul_id")?,
        name: own(&params, "app_name")?,
        class: class.map(|it| if it == "linux_vul" { Class::System } else { Class::Application }),
    };
    let paging = paging(&params)?;
    let (project, id) = (path.project()?, id_in(&path));
    let mut page = images::vulnerabilities(&app, &caller, &project, &id, &wanted, paging).await?;
    if !possible {
        page = Page { total: 0, rows: Vec::new() };
    }
    Ok(Json(DataList::of(&page)))
}

/// The span of time in which a scan must have ended well. Half of it says nothing, by the contract.
pub(super) fn scanned(params: &Params) -> Result<Option<(i64, i64)>> {
    Ok(moment(params, "start_latest_scan_time")?.zip(moment(params, "end_latest_scan_time")?))
}
