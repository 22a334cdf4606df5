//! Compares the software of the roll call with what is known, beside the requests.
//!
//! Cost grows with change: a fact is compared when it is new, and once more when the knowledge is another one. Each
//! stretch of facts is one transaction, so a server that is killed goes on where it was.

use crate::App;
use muster_advisory::{Finding, Knowledge, Live, current};
use muster_model::{Error, ErrorKind, Purl, Result};
use muster_store::transact;
use muster_store::vulnerabilities::{self as store, Against, Judged, Pending, State, changes};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Facts of one transaction.
const STRETCH: u32 = 2_000;
/// Ids are given before their transaction commits, so on PostgreSQL a smaller one may turn up after a larger. Writers
/// hold far fewer at a time than this.
const OVERLAP: i64 = 2_000;
/// Between two looks for new facts and new knowledge.
const LOOK: Duration = Duration::from_secs(10);
/// How long events are kept, in seconds: 400 days.
const KEPT_SECS: i64 = 400 * 86_400;
/// Characters of a description.
const SUMMARY: usize = 500;

/// Compares, look by look.
pub struct Matcher {
    app: App,
    live: Live,
    /// The last look found something: what came late would stand before it.
    moved: bool,
}

/// Starts the comparing of this process.
pub fn start(app: &App) {
    let mut matcher = Matcher::new(app);
    let app = app.clone();
    app.clone().tasks.spawn(async move {
        while !app.stop.is_cancelled() {
            if let Err(error) = matcher.look().await {
                tracing::warn!(?error, "software could not be compared with what is known");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = app.stop.cancelled() => {}
            }
        }
    });
}

impl Matcher {
    /// With the knowledge in the data folder, whenever there is some.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone(), live: current(&app.settings.data_dir), moved: false }
    }

    /// Compares all that waits, and answers how many facts that were. None where there is no knowledge.
    ///
    /// # Errors
    /// Those of the database and of a knowledge file that is damaged.
    pub async fn look(&mut self) -> Result<usize> {
        let knowledge = match self.live.get() {
            Ok(knowledge) => knowledge,
            Err(error) if error.kind() == ErrorKind::Unavailable => return Ok(0),
            Err(error) => return Err(error),
        };
        let digest = knowledge.digest();
        let Some(mut after) = self.begin(&knowledge, &digest).await? else { return Ok(0) };
        let mut compared = 0;
        while !self.app.stop.is_cancelled() {
            let waiting = {
                let mut tx = self.app.db.read().await?;
                store::pending(&mut tx, after, STRETCH).await?
            };
            let Some(last) = waiting.last().map(|fact| fact.fact) else { break };
            let with = Arc::clone(&knowledge);
            let judged = tokio::task::spawn_blocking(move || judge(&with, waiting));
            let judged = judged.await.map_err(Error::internal)?;
            let now = self.app.now();
            transact!(self.app.db, |tx| store::record(tx, &digest, after, &judged, now).await)?;
            compared += judged.len();
            after = last;
        }
        Ok(compared)
    }

    /// After which fact to go on; none where nothing waits.
    async fn begin(&mut self, knowledge: &Knowledge, digest: &str) -> Result<Option<i64>> {
        let (state, newer) = {
            let mut tx = self.app.db.read().await?;
            let state = store::state(&mut tx).await?;
            let up_to = state.as_ref().map_or(0, |state| state.up_to);
            (state, !store::pending(&mut tx, up_to, 1).await?.is_empty())
        };
        match state {
            Some(state) if state.knowledge == digest => {
                let late = std::mem::replace(&mut self.moved, newer);
                Ok((newer || late).then(|| state.up_to.saturating_sub(OVERLAP).max(0)))
            }
            _ => {
                let meta = knowledge.meta();
                let state = State {
                    knowledge: digest.to_owned(),
                    built: meta.built,
                    known: i64::try_from(meta.vulnerabilities).unwrap_or(i64::MAX),
                    up_to: 0,
                    at: self.app.now(),
                };
                let old = state.at.plus_secs(-KEPT_SECS);
                transact!(self.app.db, |tx| {
                    changes::forget(tx, old).await?;
                    store::begin(tx, &state).await
                })?;
                tracing::info!(knowledge = digest, "the fleet is compared with other knowledge");
                self.moved = true;
                Ok(Some(0))
            }
        }
    }
}

fn judge(knowledge: &Knowledge, waiting: Vec<Pending>) -> Vec<Judged> {
    let mut judged: Vec<Judged> = waiting
        .into_iter()
        .map(|fact| Judged { fact, against: Vec::new(), unchecked: None })
        .collect();
    let mut places = Vec::with_capacity(judged.len());
    let mut purls = Vec::with_capacity(judged.len());
    for (place, it) in judged.iter_mut().enumerate() {
        match it.fact.purl.as_deref().map(str::parse::<Purl>) {
            Some(Ok(purl)) => {
                places.push(place);
                purls.push(purl);
            }
            Some(Err(_)) => it.unchecked = Some("unreadable_purl".to_owned()),
            None => it.unchecked = Some("no_purl".to_owned()),
        }
    }
    let assessment = knowledge.assess(&purls);
    for (place, why) in places.iter().zip(assessment.not_checked) {
        if let Some(it) = judged.get_mut(*place) {
            it.unchecked = why.map(str::to_owned);
        }
    }
    let mut texts = HashMap::new();
    for finding in assessment.findings {
        // Notices, such as that nobody maintains it any more, are no vulnerabilities.
        if finding.informational.is_some() {
            continue;
        }
        let (summary, url) =
            texts.entry(finding.id.clone()).or_insert_with(|| told(knowledge, &finding.id)).clone();
        let place = places.get(finding.component);
        if let Some(it) = place.and_then(|place| judged.get_mut(*place)) {
            it.against.push(against(finding, summary, url));
        }
    }
    judged
}

/// What it is, in a few words, and where more is told.
fn told(knowledge: &Knowledge, id: &str) -> (String, String) {
    let details = knowledge.vulnerability(id).and_then(|found| found.details().ok());
    let Some(details) = details else { return Default::default() };
    let text = if details.summary.is_empty() { &details.description } else { &details.summary };
    let url = details.references.first().map(|(_, address)| address.clone()).unwrap_or_default();
    // Texts of others may hold what PostgreSQL takes for the end of a text.
    (text.replace('\0', " ").chars().take(SUMMARY).collect(), url.replace('\0', ""))
}

fn against(finding: Finding, summary: String, url: String) -> Against {
    let tenths = |score: f32| format!("{:.0}", score * 10.0).parse().ok();
    Against {
        id: finding.id,
        grade: finding.grade.key(),
        score: finding.score.and_then(|(_, score)| tenths(score)),
        exploited: finding.exploited,
        reason: finding.reason,
        summary,
        url,
        fixed: finding.fixed,
    }
}
