//! What a decision costs where nothing was worked out beforehand: `cargo bench -p muster-policy --bench decide`.

#![expect(clippy::expect_used, reason = "a program for people")]

use muster_figures::{Bar, Figures, cpu};
use muster_policy::{Context, Policy, Query, decide};
use std::hint::black_box;

struct Request;

impl Context for Request {
    fn values(&self, key: &str) -> Vec<String> {
        match key {
            "g:SourceIp" => vec!["10.1.2.3".to_owned()],
            "g:ResourceTag/tier" => vec!["web".to_owned()],
            _ => Vec::new(),
        }
    }
}

fn main() {
    let policies: Vec<Policy> = (0..20)
        .map(|n| {
            let text = format!(
                r#"{{"Version":"5.0","Statement":[
                {{"Effect":"Allow","Action":["svc{n}:*:get*","svc{n}:*:list*","scm:cert:verb{n}"]}},
                {{"Effect":"Deny","Action":["scm:cert:export"],"Resource":["scm:*:*:cert:scs{n}*"],
                  "Condition":{{"IpAddress":{{"g:SourceIp":["192.168.{n}.0/24"]}}}}}},
                {{"Effect":"Allow","Action":["scm:cert:export"],
                  "Condition":{{"StringEquals":{{"g:ResourceTag/tier":["web"]}}}}}}]}}"#
            );
            Policy::parse(&text).expect("a policy")
        })
        .collect();
    let actions: &[&str] = &["scm:cert:export", "scm:cert:download"];
    let query = Query {
        actions,
        resource: "scm:muster:d1:cert:scs1554192131150",
        whole: false,
        context: &Request,
    };
    let (rounds, began) = (100_000, cpu());
    for _ in 0..rounds {
        assert!(decide(black_box(&policies), black_box(query)).is_allowed());
    }
    let figures = Figures::of("policies: nothing worked out beforehand");
    figures.rate("20 policies, 60 statements, 40 conditions", cpu() - began, rounds, Bar::None);
}
