//! Fetching for an update, through the door for outgoing connections.

use muster_advisory::mirror::{Answer, Fetch, Request};
use muster_egress::{Download, Egress, EgressSettings};
use muster_model::Result;

/// The door, opened for an update.
pub(super) struct Door(Egress);

impl Door {
    /// Every address an update connects to is named by the operator, on the command line or in the configuration, and no
    /// redirect leads elsewhere: so networks inside are open here. Metadata services and link-local addresses are not.
    pub(super) fn new(settings: &EgressSettings) -> Result<Self> {
        let allow = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
        Egress::new(&EgressSettings { allow, ca_file: settings.ca_file.clone() }).map(Self)
    }
}

impl Fetch for Door {
    fn fetch(&mut self, request: &Request<'_>) -> Result<Answer> {
        let range = format!("bytes={}-", request.from);
        let mut headers = Vec::new();
        if let Some(validator) = request.validator {
            let tag = validator.starts_with('"');
            if request.from > 0 {
                headers.push(("range", range.as_str()));
                headers.push(("if-range", validator));
            } else {
                headers.push((if tag { "if-none-match" } else { "if-modified-since" }, validator));
            }
        }
        let answer = self.0.get(request.url, &headers)?;
        match answer.status {
            200 => Ok(Answer::Content {
                from: 0,
                total: answer.length,
                validator: answer.validator,
                body: answer.body,
            }),
            206 if starts_at(&answer) == Some(request.from) => Ok(Answer::Content {
                from: request.from,
                total: answer.length.map(|length| length.saturating_add(request.from)),
                validator: answer.validator.or_else(|| request.validator.map(str::to_owned)),
                body: answer.body,
            }),
            // The part is as long as the whole, or longer than it is now: all of it again.
            206 | 416 if request.from > 0 => {
                self.fetch(&Request { from: 0, validator: None, ..*request })
            }
            304 => Ok(Answer::Unchanged),
            404 | 410 => Ok(Answer::Missing),
            _ => Err(answer.refused(request.url)),
        }
    }
}

/// Of `Content-Range: bytes 100-199/200`.
fn starts_at(answer: &Download) -> Option<u64> {
    answer.range.as_deref()?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
