//! Vulnerabilities of a task, and one by itself.

use crate::cvss::{self, Cvss2, Cvss3};
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
use muster_service::sca::vulnerability::{Known, Patch, Reference};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Which {
    custom_sz_no: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    custom_sz_no: String,
    custom_cve_no: String,
    custom_cnnvd_no: String,
    affect_component_count: i64,
    custom_cnvd_no: String,
    grade: String,
    grade_desc: String,
    cwe: String,
    vulnerability_name: String,
    cwe_name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    release_date: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    custom_sz_no: String,
    custom_cve_no: String,
    custom_cnnvd_no: String,
    custom_cnvd_no: String,
    grade: String,
    grade_desc: String,
    cwe: String,
    description: String,
    vulnerability_name: String,
    cwe_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    release_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_date: Option<i64>,
    announcement: String,
    reference_vo_list: Vec<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvss3: Option<Cvss3>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvss2: Option<Cvss2>,
    cpe: Vec<String>,
    is_repair: String,
    utilization: String,
    cnnvd_patch_po: Vec<PatchRow>,
    vul_use_difficulty: String,
    vul_use_difficulty_desc: String,
    pocuses_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PatchRow {
    patch_id: String,
    title: String,
    link: String,
    publish_date: String,
    sz_id: String,
    reference_url: String,
}

pub(crate) async fn page(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Ask>,
) -> Result<Answer<Records<Row>>, Failure> {
    let ask = &signed.parameters;
    let page = ask.page()?;
    let found =
        results::vulnerabilities(&app, &signed.caller, &ask.task_id, ask.component(), page).await?;
    Ok(paged::answer(page, found, |finding| {
        let it = finding.vulnerability;
        let known: Known = serde_json::from_str(&it.detail).map_err(Error::internal)?;
        let (grade, grade_desc) = dictionary::grade(Dictionary::CveRisk, it.grade, chinese);
        Ok(Row {
            custom_sz_no: it.number,
            custom_cve_no: known.cve,
            custom_cnnvd_no: known.cnnvd,
            affect_component_count: finding.affected,
            custom_cnvd_no: known.cnvd,
            grade,
            grade_desc,
            cwe: known.cwe,
            vulnerability_name: either(known.name_zh, known.name, chinese),
            cwe_name: known.cwe_name,
            description: either(known.description_zh, known.description, chinese),
            release_date: known.published,
        })
    })?)
}

pub(crate) async fn detail(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Which>,
) -> Result<Answer<Detail>, Failure> {
    let number = &signed.parameters.custom_sz_no;
    let it = results::vulnerability(&app, &signed.caller, number).await?;
    let known: Known = serde_json::from_str(&it.detail).map_err(Error::internal)?;
    let (grade, grade_desc) = dictionary::grade(Dictionary::CveRisk, it.grade, chinese);
    let difficulty = known.difficulty.as_str();
    let desc = dictionary::text(Dictionary::UseDifficulty, difficulty, chinese);
    let fixed = !known.fixes.is_empty();
    let told = either(known.announcement_zh, known.announcement, chinese);
    let patches = known.patches.into_iter().map(|patch| patch_row(patch, &it.number)).collect();
    Ok(Answer(Detail {
        custom_cve_no: known.cve,
        custom_cnnvd_no: known.cnnvd,
        custom_cnvd_no: known.cnvd,
        grade,
        grade_desc,
        cwe: known.cwe,
        description: either(known.description_zh, known.description, chinese),
        vulnerability_name: either(known.name_zh, known.name, chinese),
        cwe_name: known.cwe_name,
        release_date: known.published,
        update_date: known.modified,
        announcement: announcement(&known.fixes, told, chinese),
        reference_vo_list: known.references,
        cvss3: known.cvss3.map(|it| cvss::version3(it, chinese)),
        cvss2: known.cvss2.map(|it| cvss::version2(it, chinese)),
        cpe: known.cpe,
        is_repair: if fixed { "1" } else { "0" }.to_owned(),
        utilization: known.exploit,
        cnnvd_patch_po: patches,
        vul_use_difficulty_desc: desc.to_owned(),
        vul_use_difficulty: known.difficulty,
        pocuses_time: known.exploited_since,
        custom_sz_no: it.number,
    }))
}

/// A text in the language asked for, or in the one there is.
fn either(zh: String, en: String, chinese: bool) -> String {
    if (chinese && !zh.is_empty()) || en.is_empty() { zh } else { en }
}

/// What to do: the versions that mend it, and what a source asks for.
fn announcement(fixes: &[String], told: String, chinese: bool) -> String {
    if fixes.is_empty() {
        return told;
    }
    let versions = if chinese {
        format!("已修复的版本:{}", fixes.join("、"))
    } else {
        format!("fixed in {}", fixes.join(", "))
    };
    if told.is_empty() { versions } else { format!("{versions}\n{told}") }
}

fn patch_row(patch: Patch, number: &str) -> PatchRow {
    PatchRow {
        patch_id: patch.id,
        title: patch.title,
        reference_url: patch.link.clone(),
        link: patch.link,
        publish_date: patch.published,
        sz_id: number.to_owned(),
    }
}
