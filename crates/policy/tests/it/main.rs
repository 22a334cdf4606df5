//! Policies, asked.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use muster_policy::{Context, Decision, Place, Policy, Query, decide};
use proptest::prelude::*;

struct From(&'static str, &'static str);

impl Context for From {
    fn values(&self, key: &str) -> Vec<String> {
        match key {
            "g:SourceIp" => vec![self.0.to_owned()],
            "g:ResourceTag/tier" if !self.1.is_empty() => vec![self.1.to_owned()],
            _ => Vec::new(),
        }
    }
}

fn policy(statements: &str) -> Policy {
    Policy::parse(&format!(r#"{{"Version":"5.0","Statement":[{statements}]}}"#)).unwrap()
}

fn ask(policies: &[Policy], action: &str, resource: &str, context: &dyn Context) -> Decision {
    decide(policies, Query { actions: &[action], resource, whole: false, context })
}

const CERT: &str = "scm:muster:d1:cert:scs1";

#[test]
fn deny_wins_wherever_it_stands() {
    let allow = policy(r#"{"Effect":"Allow","Action":["scm:*:*"]}"#);
    let deny = policy(
        r#"{"Effect":"Allow","Action":["kps:*:*"]},
           {"Effect":"Deny","Action":["scm:cert:export"],
            "Condition":{"StringEquals":{"g:ResourceTag/tier":["root"]}}}"#,
    );
    let root = From("10.0.0.1", "root");
    let allowed = Decision::Allowed(Place { policy: 0, statement: 0 });
    for order in [[allow.clone(), deny.clone()], [deny, allow]] {
        assert!(ask(&order, "scm:cert:list", CERT, &root).is_allowed());
        assert!(matches!(ask(&order, "scm:cert:export", CERT, &root), Decision::Denied(_)));
        assert!(ask(&order, "scm:cert:export", CERT, &From("10.0.0.1", "")).is_allowed());
        assert_eq!(ask(&order, "hss:host:list", CERT, &root), Decision::NotAllowed);
    }
    assert_eq!(
        ask(&[policy(r#"{"Effect":"Allow","Action":["scm:*:*"]}"#)], "scm:cert:get", CERT, &()),
        allowed
    );
}

#[test]
fn a_resource_is_one_and_a_list_is_all() {
    let one =
        [policy(r#"{"Effect":"Allow","Action":["scm:cert:*"],"Resource":["scm:*:*:cert:scs1"]}"#)];
    assert!(ask(&one, "scm:cert:get", CERT, &()).is_allowed());
    assert!(!ask(&one, "scm:cert:get", "scm:muster:d1:cert:scs2", &()).is_allowed());
    assert!(!ask(&one, "scm:cert:list", "scm:muster:d1:cert:*", &()).is_allowed());
    let all =
        [policy(r#"{"Effect":"Allow","Action":["scm:cert:*"],"Resource":["scm:*:*:cert:*"]}"#)];
    assert!(ask(&all, "scm:cert:list", "scm:muster:d1:cert:*", &()).is_allowed());
    let others = [policy(
        r#"{"Effect":"Allow","NotAction":["iam:*:*"],"NotResource":["scm:*:*:cert:scs1"]}"#,
    )];
    assert!(!ask(&others, "scm:cert:get", CERT, &()).is_allowed());
    assert!(ask(&others, "scm:cert:get", "scm:muster:d1:cert:scs2", &()).is_allowed());
    assert!(!ask(&others, "iam:user:list", "iam:muster:d1:user:*", &()).is_allowed());
}

#[test]
fn everything_of_a_type_is_allowed_only_where_things_make_no_difference() {
    let all = |policies: &[Policy]| {
        let actions = &["scm:cert:list"];
        let resource = "scm:muster:d1:cert:*";
        let context = &From("10.0.0.1", "");
        decide(policies, Query { actions, resource, whole: true, context }).is_allowed()
    };
    let statement = |effect: &str, rest: &str| {
        policy(&format!(r#"{{"Effect":"{effect}","Action":["scm:cert:*"]{rest}}}"#))
    };
    for (rest, allowed) in [
        ("", true),
        (r#","Resource":["scm:*:*:cert:*"]"#, true),
        (r#","Resource":["scm:*:*:cert:scs1"]"#, false),
        (r#","NotResource":["scm:*:*:cert:scs1"]"#, false),
        (r#","NotResource":["scm:*:*:csr:csr1"]"#, true),
        (r#","Resource":["scm:*:*:cert:?"]"#, false),
        (r#","Resource":["*"]"#, true),
        (r#","Condition":{"StringNotEquals":{"g:ResourceTag/tier":["prod"]}}"#, false),
        (r#","Condition":{"StringNotEquals":{"g:enterpriseprojectid":["e1"]}}"#, false),
        (r#","Condition":{"IpAddress":{"g:SourceIp":["10.0.0.0/8"]}}"#, true),
        (r#","Condition":{"IpAddress":{"g:SourceIp":["192.0.2.0/24"]}}"#, false),
    ] {
        assert_eq!(all(&[statement("Allow", rest)]), allowed, "Allow {rest}");
    }
    for (rest, denied) in [
        ("", true),
        (r#","Resource":["scm:*:*:cert:scs1"]"#, true),
        (r#","Resource":["scm:other:*:cert:scs1"]"#, false),
        (r#","Resource":["scm:*:*:csr:csr1"]"#, false),
        (r#","NotResource":["scm:*:*:cert:scs1"]"#, true),
        (r#","NotResource":["scm:*:*:cert:*"]"#, false),
        (r#","NotResource":["scm:*:*:cert:?"]"#, true),
        (r#","Condition":{"StringEquals":{"g:ResourceTag/tier":["prod"]}}"#, true),
        (r#","Condition":{"IpAddress":{"g:SourceIp":["192.0.2.0/24"]}}"#, false),
    ] {
        let both = [statement("Allow", ""), statement("Deny", rest)];
        assert_eq!(all(&both), !denied, "Deny {rest}");
    }
}

#[test]
fn an_action_goes_under_all_of_its_names() {
    let query = |policies: &[Policy]| {
        let actions = &["scm:cert:export", "scm:cert:download"];
        decide(policies, Query { actions, resource: CERT, whole: false, context: &() })
    };
    assert!(query(&[policy(r#"{"Effect":"Allow","Action":["scm:cert:download"]}"#)]).is_allowed());
    let denied = [
        policy(r#"{"Effect":"Allow","Action":["scm:cert:export"]}"#),
        policy(r#"{"Effect":"Deny","Action":["scm:cert:download"]}"#),
    ];
    assert_eq!(query(&denied), Decision::Denied(Place { policy: 1, statement: 0 }));
    let excepted = [policy(r#"{"Effect":"Allow","NotAction":["scm:cert:download"]}"#)];
    assert_eq!(query(&excepted), Decision::NotAllowed);
}

#[test]
fn what_the_vendor_shows_as_an_example_is_read() {
    let example = r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["obs:bucket:ListAllMyBuckets"],
        "Condition":{"StringEndWithIfExists":{"g:UserName":["special"]},"Bool":{"g:MFAPresent":["true"]}},
        "Resource":["obs:*:*:bucket:*"]}]}"#;
    let policies = [Policy::parse(example).unwrap()];
    assert_eq!(
        ask(&policies, "obs:bucket:listallmybuckets", "obs:r:d:bucket:b", &()),
        Decision::NotAllowed
    );
}

fn statements() -> impl Strategy<Value = String> {
    let effect = prop_oneof![Just("Allow"), Just("Deny")];
    let action =
        prop_oneof![Just("scm:*:*"), Just("*:cert:*"), Just("scm:cert:export"), Just("kps:*:*")];
    let one = (effect, action)
        .prop_map(|(effect, action)| format!(r#"{{"Effect":"{effect}","Action":["{action}"]}}"#));
    prop::collection::vec(one, 1..6).prop_map(|all| all.join(","))
}

/// Statements that make differences between things in every way there is.
fn particular() -> impl Strategy<Value = String> {
    let effect = prop_oneof![Just("Allow"), Just("Deny")];
    let not = prop_oneof![Just(""), Just("Not")];
    let resource = prop_oneof![
        Just("*"),
        Just("scm:*:*:cert:*"),
        Just("scm:*:*:cert:?"),
        Just("scm:*:*:cert:s*"),
        Just("scm:*:*:cert:scs1"),
        Just("scm:*:*:c*:**"),
        Just("scm:*:d2:cert:*"),
        Just("scm:*:*:csr:*"),
    ];
    let condition = prop_oneof![
        Just(""),
        Just(r#","Condition":{"StringEquals":{"g:ResourceTag/tier":["web"]}}"#),
        Just(r#","Condition":{"StringNotEquals":{"g:ResourceTag/tier":["web"]}}"#),
        Just(r#","Condition":{"IpAddress":{"g:SourceIp":["10.0.0.0/8"]}}"#),
    ];
    let one = (effect, not, resource, condition).prop_map(|(effect, not, resource, condition)| {
        format!(r#"{{"Effect":"{effect}","Action":["scm:*:*"],"{not}Resource":["{resource}"]{condition}}}"#)
    });
    prop::collection::vec(one, 1..4).prop_map(|all| all.join(","))
}

proptest! {
    #[test]
    fn what_is_allowed_of_everything_is_allowed_of_each(text in particular()) {
        let policies = [policy(&text)];
        let actions = &["scm:cert:list"];
        let whole = Query { actions, resource: "scm:muster:d1:cert:*", whole: true, context: &From("10.0.0.1", "") };
        if decide(&policies, whole).is_allowed() {
            for path in ["scs1", "scs2", "x", "*"] {
                for tag in ["", "web", "db"] {
                    let resource = format!("scm:muster:d1:cert:{path}");
                    let one = ask(&policies, "scm:cert:list", &resource, &From("10.0.0.1", tag));
                    prop_assert!(one.is_allowed(), "{path} {tag}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_order_of_statements_changes_no_decision(text in statements(), turn in 0..6_usize) {
        let one = policy(&text);
        let mut turned = one.clone();
        let turn = turn % turned.statements.len();
        turned.statements.rotate_left(turn);
        let ask = |policy: &Policy| ask(std::slice::from_ref(policy), "scm:cert:export", CERT, &());
        prop_assert_eq!(ask(&one).is_allowed(), ask(&turned).is_allowed());
    }

    #[test]
    fn one_more_deny_never_allows_more(text in statements()) {
        let one = policy(&text);
        let deny = policy(r#"{"Effect":"Deny","Action":["scm:cert:export"]}"#);
        let both = [one.clone(), deny];
        prop_assert!(!ask(&both, "scm:cert:export", CERT, &()).is_allowed());
        let list = |policies: &[Policy]| ask(policies, "scm:cert:list", CERT, &()).is_allowed();
        prop_assert_eq!(list(&both), list(&[one]));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = Policy::parse(&text);
    }
}
