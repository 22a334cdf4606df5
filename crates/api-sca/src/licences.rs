//! Licences of a task, and one by itself.

use crate::dictionary::{self, Dictionary};
use crate::envelope::Answer;
use crate::language::Chinese;
use crate::paged::{self, Ask, Records};
use crate::signed::Signed;
use axum::extract::State;
use muster_http::Failure;
use muster_service::App;
use muster_service::sca::licences::{self, Rule};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Which {
    license_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    license_id: String,
    license_name: String,
    grade: String,
    grade_desc: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Detail {
    details_url: String,
    grade: String,
    grade_desc: String,
    reference: String,
    license_name: String,
    license_id: String,
    osi: String,
    fsf: String,
    description: String,
    allow: Vec<Rule>,
    attention: Vec<Rule>,
    must: Vec<Rule>,
    expire: bool,
}

pub(crate) async fn page(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Ask>,
) -> Result<Answer<Records<Row>>, Failure> {
    let ask = &signed.parameters;
    let page = ask.page()?;
    let found = licences::page(&app, &signed.caller, &ask.task_id, ask.component(), page).await?;
    Ok(paged::answer(page, found, |licence| {
        let (grade, grade_desc) =
            dictionary::grade(Dictionary::LicenseRisk, licence.grade, chinese);
        Ok(Row { license_id: licence.id, license_name: licence.name, grade, grade_desc })
    })?)
}

pub(crate) async fn detail(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Which>,
) -> Result<Answer<Detail>, Failure> {
    let licence = licences::get(&app, &signed.caller, &signed.parameters.license_id).await?;
    let (grade, grade_desc) = dictionary::grade(Dictionary::LicenseRisk, licence.grade, chinese);
    let yes = |yes: Option<bool>| match yes {
        Some(true) => "1".to_owned(),
        Some(false) => "0".to_owned(),
        None => String::new(),
    };
    Ok(Answer(Detail {
        details_url: licence.details,
        grade,
        grade_desc,
        reference: licence.url,
        license_name: licence.name,
        license_id: licence.id,
        osi: yes(licence.osi),
        fsf: yes(licence.fsf),
        description: licence.description,
        allow: licence.allow,
        attention: licence.attention,
        must: licence.must,
        expire: licence.deprecated,
    }))
}
