//! Policies: what the artifacts of a project must be like, and whether a task's is.

use super::documents::{blocking, judge, packed};
use super::licences::{Index, UNKNOWN};
use crate::app::App;
use crate::{audit, authz};
use muster_advisory::Grade;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result};
use muster_sca::known::{Verdict as Known, Vulnerability};
use muster_sca::{Component, Report};
use muster_store::sca::policies::{self as store, Policy};
use muster_store::transact;
use serde::{Deserialize, Serialize};

/// Policies of one project.
const MAX_POLICIES: usize = 100;
/// Licences one policy names.
const MAX_LICENCES: usize = 500;
/// Longest name of a policy, and of a licence in it, in bytes.
const MAX_NAME: usize = 64;
/// Longest time a rule can name, in days: ten years.
const MAX_DAYS: u32 = 3650;
/// Reasons told of one verdict.
const MAX_REASONS: usize = 200;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The rules of a policy. One that is not set asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// No open vulnerability of this grade or worse: `critical`, `high`, `medium`, `low`, `any`.
    pub grade: Option<Bar>,
    /// No vulnerability that is known to be exploited.
    pub exploited: bool,
    /// How long a vulnerability may have been public before `grade` counts it, in days: the time there is to mend it.
    /// One whose day of publication nobody tells counts at once.
    pub grace_days: u32,
    /// No component under these licences: SPDX ids; a `*` at the end stands for the rest.
    pub licences: Vec<String>,
    /// No component under a licence of this risk or worse.
    pub licence_risk: Option<Risk>,
    /// No component whose release line is no longer maintained.
    pub end_of_life: bool,
    /// No component that could not be compared with what is known.
    pub unchecked: bool,
    /// The artifact was read whole: no limit ended the analysis.
    pub complete: bool,
    /// How old the knowledge may be that vulnerabilities are judged by, in days.
    pub knowledge_days: Option<u32>,
}

/// A grade that is too bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bar {
    /// 9.0 and more, exploited from 7.0 on, malicious packages.
    Critical,
    /// 7.0 and more, and what is known to be exploited.
    High,
    /// 4.0 and more.
    Medium,
    /// Anything that is graded.
    Low,
    /// Anything, also what no source grades.
    Any,
}

impl Bar {
    /// Whether a grade is as bad or worse.
    pub fn is_reached(self, grade: Grade) -> bool {
        grade
            <= match self {
                Self::Critical => Grade::Critical,
                Self::High => Grade::High,
                Self::Medium => Grade::Medium,
                Self::Low => Grade::Low,
                Self::Any => Grade::Unknown,
            }
    }
}

/// A risk of a licence that is too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Strong copyleft, network copyleft, no commercial use.
    High,
    /// Weak copyleft too.
    Medium,
    /// Those nobody has judged too.
    Unknown,
}

impl Risk {
    const fn is_reached(self, grade: u8) -> bool {
        match self {
            Self::High => grade == 1,
            Self::Medium => grade <= 2,
            Self::Unknown => grade <= 2 || grade == UNKNOWN,
        }
    }
}

impl Rules {
    fn check(&self) -> Result<()> {
        let names = self.licences.iter().all(|id| (1..=MAX_NAME).contains(&id.len()));
        if self.licences.len() > MAX_LICENCES || !names {
            return Err(Error::invalid("licences", "must be up to 500 ids of 1 to 64 bytes"));
        }
        if self.grace_days.max(self.knowledge_days.unwrap_or_default()) > MAX_DAYS {
            return Err(Error::invalid("grace_days, knowledge_days", "must be at most 3650"));
        }
        Ok(())
    }

    /// Whether they ask anything of vulnerabilities: then knowledge is needed.
    const fn need_knowledge(&self) -> bool {
        self.grade.is_some() || self.exploited || self.end_of_life || self.knowledge_days.is_some()
    }
}

/// What a policy says of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing speaks against it.
    Passed,
    /// A rule is broken.
    Failed,
    /// No rule is known to be broken, but one could not be looked at.
    Undecided,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule.
    pub rule: &'static str,
    /// Package URL of the component; empty for the artifact.
    pub component: String,
    /// What breaks it: the number of a vulnerability, a licence.
    pub what: String,
    /// The version to move to; empty where none is known or it does not help.
    pub move_to: String,
}

/// The verdict of a policy over a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Name of the policy.
    pub policy: String,
    /// What it says.
    pub decision: Decision,
    /// Why, the first two hundred.
    pub reasons: Vec<Reason>,
    /// How many reasons there are.
    pub reasons_in_all: usize,
}

/// The policies of a project, by name.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(app: &App, caller: &Caller, project: &ProjectId) -> Result<Vec<(Policy, Rules)>> {
    let project = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    let all = store::list(&mut app.db.read().await?, project).await?;
    all.into_iter().map(read).collect()
}

fn read(policy: Policy) -> Result<(Policy, Rules)> {
    let rules = serde_json::from_str(&policy.rules).map_err(Error::internal)?;
    Ok((policy, rules))
}

/// Writes a policy, in the place of the one of this name.
///
/// # Errors
/// `Invalid`; `Conflict` where the project has a hundred; those of [`authz::require`] and of the database.
pub async fn put(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
    rules: &Rules,
) -> Result<Policy> {
    let key = authz::require(app, caller, Action::ScaPolicyUpdate, Some(project)).await?;
    let fits = (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if !fits {
        return Err(Error::invalid("name", "must be 1 to 64 letters, digits, '.', '_' and '-'"));
    }
    rules.check()?;
    let policy = Policy {
        name: name.to_owned(),
        rules: serde_json::to_string(rules).map_err(Error::internal)?,
        updated_by: caller.user_id.to_string(),
        updated_at: app.now(),
    };
    transact!(app.db, |tx| {
        let all = store::list(tx, key).await?;
        if all.len() >= MAX_POLICIES && all.iter().all(|it| it.name != policy.name) {
            return Err(Error::conflict("the project has a hundred policies"));
        }
        store::put(tx, key, &policy).await?;
        record(tx, app, caller, project, name).await
    })?;
    Ok(policy)
}

/// Forgets a policy.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn delete(app: &App, caller: &Caller, project: &ProjectId, name: &str) -> Result<()> {
    let key = authz::require(app, caller, Action::ScaPolicyUpdate, Some(project)).await?;
    transact!(app.db, |tx| {
        if !store::delete(tx, key, name).await? {
            return Err(Error::not_found(format_args!("policy {name}")));
        }
        record(tx, app, caller, project, name).await
    })
}

async fn record(
    tx: &mut muster_store::Tx,
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
) -> Result<()> {
    let target = format!("sca_policy/{name}");
    audit::append(tx, app, caller, Action::ScaPolicyUpdate, project.as_str(), &target).await
}

/// What the policies of a project say of a task, by what is known now: all of them, or one.
///
/// # Errors
/// `NotFound` for a policy or a task that is not there; `Conflict` if the task has not ended, or failed; those of
/// [`authz::require`] and of the database.
pub async fn verdicts(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    task: &str,
    policy: Option<&str>,
) -> Result<Vec<Verdict>> {
    let key = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let mut all = store::list(&mut tx, key).await?;
    if let Some(name) = policy {
        all.retain(|it| it.name == name);
        if all.is_empty() {
            return Err(Error::not_found(format_args!("policy {name}")));
        }
    }
    let all = all.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    if all.is_empty() {
        super::tasks::find(&mut tx, key, task).await?;
        return Ok(Vec::new());
    }
    let packed = match packed(&mut tx, key, task).await {
        Ok(packed) => packed,
        // Ended with results, but too large a report to be looked at again.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            super::tasks::find(&mut tx, key, task).await?;
            return Ok(all.into_iter().map(|(policy, _)| undecided(policy, "report")).collect());
        }
        Err(error) => return Err(error),
    };
    drop(tx);
    let app = app.clone();
    blocking(move || {
        let judged = judge(&app, packed, true)?;
        let licences = app.sca.licences();
        let asked = Asked { report: &judged.report, licences: licences.as_deref(), now: app.now() };
        Ok(all.into_iter().map(|(policy, rules)| asked.decide(policy.name, &rules)).collect())
    })
    .await
}

fn undecided(policy: Policy, what: &str) -> Verdict {
    let reason = Reason {
        rule: "complete",
        component: String::new(),
        what: format!("the {what} was too large to be kept"),
        move_to: String::new(),
    };
    Verdict {
        policy: policy.name,
        decision: Decision::Undecided,
        reasons: vec![reason],
        reasons_in_all: 1,
    }
}

/// A task that is judged.
struct Asked<'a> {
    report: &'a Report,
    licences: Option<&'a Index>,
    now: Micros,
}

impl Asked<'_> {
    fn decide(&self, policy: String, rules: &Rules) -> Verdict {
        let mut reasons = self.of_the_whole(rules);
        let known = self.report.known.as_ref();
        let verdicts = known.iter().flat_map(|known| &known.components);
        for (component, known) in self.report.components.iter().zip(verdicts) {
            self.of_one(component, known, rules, &mut reasons);
        }
        let knows = known.is_some_and(|known| known.state.is_some());
        let blind = rules.need_knowledge() && !knows
            || rules.licence_risk.is_some() && self.licences.is_none();
        let decision = match (reasons.is_empty(), blind) {
            (false, _) => Decision::Failed,
            (true, true) => Decision::Undecided,
            (true, false) => Decision::Passed,
        };
        let reasons_in_all = reasons.len();
        reasons.truncate(MAX_REASONS);
        Verdict { policy, decision, reasons, reasons_in_all }
    }

    fn of_the_whole(&self, rules: &Rules) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let mut add = |rule, what: String| {
            let (component, move_to) = (String::new(), String::new());
            reasons.push(Reason { rule, component, what, move_to });
        };
        if let (true, Some(ended)) = (rules.complete, &self.report.ended) {
            add("complete", format!("{}: {}", ended.code, ended.message));
        }
        let state = self.report.known.as_ref().and_then(|known| known.state.as_ref());
        if let (Some(days), Some(state)) = (rules.knowledge_days, state) {
            let age = self.now.0.saturating_sub(state.built.0) / DAY;
            if age > i64::from(days) {
                add("knowledge_days", format!("the knowledge is {age} days old"));
            }
        }
        reasons
    }

    fn of_one(&self, component: &Component, known: &Known, rules: &Rules, to: &mut Vec<Reason>) {
        let purl = component.purl.to_string();
        let mut add = |rule, what: &str, move_to: &str| {
            let (component, what) = (purl.clone(), what.to_owned());
            to.push(Reason { rule, component, what, move_to: move_to.to_owned() });
        };
        let better = known.advice.as_ref().map_or("", |advice| advice.version.as_str());
        for one in known.vulnerabilities.iter().filter(|one| one.is_open()) {
            let finding = &one.finding;
            if rules.exploited && finding.exploited {
                add("exploited", &finding.id, better);
            } else if rules.grade.is_some_and(|bar| bar.is_reached(finding.grade))
                && self.is_due(one, rules.grace_days)
            {
                add("grade", &finding.id, better);
            }
        }
        if let (true, Some(why)) = (rules.unchecked, known.not_checked) {
            add("unchecked", why, "");
        }
        if let (true, Some(ended)) = (rules.end_of_life, &known.ended) {
            add("end_of_life", ended, "");
        }
        for stated in &component.licences {
            let ids = match self.licences {
                Some(index) => index.ids(stated),
                None => vec![stated.clone()],
            };
            for id in ids {
                let grade =
                    self.licences.and_then(|index| index.get(&id)).map_or(UNKNOWN, |it| it.grade);
                if rules.licences.iter().any(|pattern| names(pattern, &id)) {
                    add("licences", &id, "");
                } else if rules.licence_risk.is_some_and(|risk| risk.is_reached(grade)) {
                    add("licence_risk", &id, "");
                }
            }
        }
    }

    /// Whether it has been public for longer than the days of grace.
    fn is_due(&self, one: &Vulnerability, grace: u32) -> bool {
        let day = one
            .published
            .get(..10)
            .and_then(|day| format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().ok());
        day.is_none_or(|day| {
            self.now.0.saturating_sub(day.as_microsecond()) > i64::from(grace) * DAY
        })
    }
}

/// Whether a pattern names a licence.
fn names(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => id.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_rest() {
        assert!(names("AGPL-*", "AGPL-3.0-only") && names("mit", "MIT") && names("*", "é"));
        assert!(!names("GPL-*", "AGPL-3.0-only") && !names("MIT", "MIT-0") && !names("aé*", "aa"));
    }

    #[test]
    fn rules_know_their_words_only() {
        let rules: Rules = serde_json::from_str(r#"{"grade": "high", "grace_days": 30}"#).unwrap();
        assert_eq!((rules.grade, rules.grace_days), (Some(Bar::High), 30));
        assert!(serde_json::from_str::<Rules>(r#"{"grades": "high"}"#).is_err());
        let long = Rules { grace_days: MAX_DAYS + 1, ..Rules::default() };
        assert!(long.check().is_err());
    }

    #[test]
    fn a_bar_is_reached_by_what_is_as_bad_or_worse() {
        assert!(Bar::High.is_reached(Grade::Critical) && Bar::High.is_reached(Grade::High));
        assert!(!Bar::High.is_reached(Grade::Medium) && Bar::Any.is_reached(Grade::Unknown));
        assert!(!Bar::Low.is_reached(Grade::Unknown));
    }
}
