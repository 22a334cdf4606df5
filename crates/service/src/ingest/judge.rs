//! Is a report new, the same again, late on its way, or from a second holder of the key?

use muster_model::proof::Proof;
use muster_store::agents::Agent;

/// What a report is to its agent's last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The next one.
    New,
    /// The last one again: applied again, which changes nothing.
    Again,
    /// An older one that took longer on its way. An agent's date never goes back, so its date is older too.
    Late,
    /// A lower counter with a later date, or one counter used for two reports: somebody else has the key.
    Clone,
}

/// Judges a report by what is known of its agent's last one.
pub(super) fn judge(last: &Agent, proof: &Proof) -> Verdict {
    let counter = i64::try_from(proof.counter).unwrap_or(i64::MAX);
    if counter > last.counter {
        Verdict::New
    } else if counter == last.counter {
        if last.proof == proof.signature { Verdict::Again } else { Verdict::Clone }
    } else if proof.date <= last.proof_date {
        Verdict::Late
    } else {
        Verdict::Clone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Micros;
    use muster_model::id::AgentId;

    #[test]
    fn order_and_dates_tell_a_late_report_from_a_clone() {
        let last = Agent {
            key: 1,
            id: AgentId::parse("a").unwrap(),
            host: 1,
            public_key: [0; 32],
            counter: 10,
            proof_date: Micros(100),
            proof: vec![1; 64],
            cloned_at: None,
            version: String::new(),
            enrolled_at: Micros(0),
            last_seen: None,
            revoked_at: None,
            revoked_reason: String::new(),
            cpu_us: 0,
            rss_bytes: 0,
            diagnostics: Vec::new(),
        };
        for (counter, date, signature, verdict) in [
            (11, 101, 2, Verdict::New),
            (99, 1, 2, Verdict::New),
            (10, 100, 1, Verdict::Again),
            (10, 100, 2, Verdict::Clone),
            (9, 99, 2, Verdict::Late),
            (9, 101, 2, Verdict::Clone),
        ] {
            let (agent, date, signature) = (String::new(), Micros(date), [signature; 64]);
            let proof = Proof { agent, date, counter, signature };
            assert_eq!(judge(&last, &proof), verdict, "{counter} {date:?}");
        }
    }
}
