//! Components of a task, and one by itself.

use crate::advice;
use crate::dictionary::{self, Dictionary};
use crate::envelope::Answer;
use crate::language::Chinese;
use crate::paged::{self, Ask, Records};
use crate::signed::Signed;
use axum::extract::State;
use muster_http::Failure;
use muster_model::Error;
use muster_service::App;
use muster_service::sca::results;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Which {
    component_uuid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    component_uuid: String,
    group_id: String,
    artifact_id: String,
    grade: String,
    grade_desc: String,
    version: String,
    recommend_version: String,
    compoment_fix_detail_vo_list: Vec<FixDetail>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixDetail {
    dep_rank: String,
    dep_source: String,
    dep_source_name: String,
    dep_scope: String,
    desc: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    group_id: String,
    artifact_id: String,
    component_uuid: String,
    grade: String,
    grade_desc: String,
    language: String,
    licenses: Vec<String>,
    jar_info_add_from: String,
    version: String,
    recommend_version: String,
    home_page: String,
    source_code: String,
    latest_version: String,
    version_entities: Vec<Value>,
    private_public_status: i64,
    private_public_status_name: String,
    country: String,
    country_chinese_name: String,
}

/// What the store keeps of a component beyond its columns.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Kept {
    known_as: String,
    scope: String,
    relation: String,
    licences: Vec<String>,
    places: Vec<Place>,
    why: String,
    not_checked: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    path: String,
    by: String,
}

pub(crate) async fn page(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Ask>,
) -> Result<Answer<Records<Row>>, Failure> {
    let ask = &signed.parameters;
    let page = ask.page()?;
    let found = results::components(&app, &signed.caller, &ask.task_id, page).await?;
    Ok(paged::answer(page, found, |found| {
        let kept: Kept = serde_json::from_str(&found.detail).map_err(Error::internal)?;
        let (grade, grade_desc) = dictionary::grade(Dictionary::JarRisk, found.grade, chinese);
        Ok(Row {
            component_uuid: found.component.uuid,
            group_id: found.component.group,
            artifact_id: found.component.name,
            grade,
            grade_desc,
            version: found.component.version,
            compoment_fix_detail_vo_list: fixes(&kept, &found.recommended, chinese),
            recommend_version: found.recommended,
        })
    })?)
}

/// One entry for each kind of source that names the component: where it comes from decides where it is mended.
fn fixes(kept: &Kept, recommended: &str, chinese: bool) -> Vec<FixDetail> {
    let desc = advice::text(&kept.why, &kept.not_checked, recommended, chinese);
    let rank = match kept.relation.as_str() {
        "direct" => "1",
        "transitive" => "2",
        _ => "0",
    };
    let mut named: Vec<&str> = Vec::new();
    let mut fixes = Vec::new();
    for place in &kept.places {
        let file = place.path.rsplit('/').next().unwrap_or_default();
        if named.contains(&file) {
            continue;
        }
        named.push(file);
        fixes.push(FixDetail {
            dep_rank: rank.to_owned(),
            dep_source: place.by.clone(),
            dep_source_name: file.to_owned(),
            dep_scope: kept.scope.clone(),
            desc: desc.clone(),
        });
    }
    fixes
}

pub(crate) async fn detail(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Which>,
) -> Result<Answer<Detail>, Failure> {
    let uuid = &signed.parameters.component_uuid;
    let found = results::component(&app, &signed.caller, uuid).await?;
    let kept: Kept = serde_json::from_str(&found.detail).map_err(Error::internal)?;
    let (grade, grade_desc) = dictionary::grade(Dictionary::JarRisk, found.grade, chinese);
    let status = origin(&kept, !found.component.purl.is_empty());
    Ok(Answer(Detail {
        group_id: found.component.group,
        artifact_id: found.component.name,
        component_uuid: found.component.uuid,
        grade,
        grade_desc,
        jar_info_add_from: found.component.language.clone(),
        language: found.component.language,
        licenses: kept.licences,
        version: found.component.version,
        recommend_version: found.recommended,
        home_page: String::new(),
        source_code: String::new(),
        latest_version: String::new(),
        version_entities: Vec::new(),
        private_public_status: status,
        private_public_status_name: dictionary::origin(status, chinese).to_owned(),
        country: String::new(),
        country_chinese_name: String::new(),
    }))
}

/// 0: a package manager's record or the package's own metadata proves a public identity; 2: it only looks like one.
fn origin(kept: &Kept, identified: bool) -> i64 {
    let proven = matches!(kept.known_as.as_str(), "installed" | "archive" | "binary" | "locked");
    if identified && proven { 0 } else { 2 }
}
