//! What is known against components, what people decided about it, and how the forms say so.

use crate::pack::zip;
use crate::scan_bytes;
use muster_advisory::{Grade, Knowledge, source};
use muster_model::Micros;
use muster_sca::diff::diff;
use muster_sca::output::{Document, csv, cyclonedx, html, json, openvex, sarif, table};
use muster_sca::vex::{self, Product};
use muster_sca::{Known, Report};
use serde_json::Value;

const TODAY: &str = "2026-11-25";
const DOCUMENT: Document<'_> =
    Document { name: "shop", tool_version: "0.1.0", created: Micros(1_795_608_000_000_000) };

/// One advisory a package.
fn advisory(
    id: &str,
    cve: &str,
    ecosystem: &str,
    name: &str,
    vector: &str,
    fixed: &str,
) -> Vec<u8> {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-02T00:00:00Z","published":"2026-01-01T00:00:00Z","aliases":["{cve}"],
        "summary":"<b>{name}</b> is broken","references":[{{"type":"WEB","url":"https://example.com/{id}"}}],
        "severity":[{{"type":"CVSS_V3","score":"{vector}"}}],"database_specific":{{"cwe_ids":["CWE-79"]}},
        "affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"ECOSYSTEM",
        "events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    )
    .into_bytes()
}

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L";

fn knowledge() -> (tempfile::TempDir, Knowledge) {
    let folder = tempfile::tempdir().unwrap();
    let pypi = folder.path().join("PyPI");
    std::fs::create_dir_all(&pypi).unwrap();
    let dump = zip(&[
        ("a.json", &advisory("PYSEC-1", "CVE-2026-1", "PyPI", "acme", CRITICAL, "1.5")),
        ("b.json", &advisory("PYSEC-2", "CVE-2026-2", "PyPI", "beta", MEDIUM, "2.0")),
    ]);
    std::fs::write(pypi.join("all.zip"), dump).unwrap();
    let target = folder.path().join("knowledge.mkb");
    source::compile_folder(folder.path(), &target, DOCUMENT.created, &mut |_| {}).unwrap();
    let knowledge = Knowledge::open(&target).unwrap();
    (folder, knowledge)
}

/// A product with a vulnerable package of each grade, a clean one and one nobody knows anything about.
fn shop(versions: &str) -> Report {
    scan_bytes("shop.zip", &zip(&[("requirements.txt", versions.as_bytes()), ("mix.lock", MIX)]))
}

const MIX: &[u8] =
    br#"%{"plug": {:hex, :plug, "1.0.0", "0123456789012345678901234567890123456789012345678901234567890123", [:mix], [], "hexpm"}}"#;

fn compared(report: &mut Report, statements: &[vex::Statement]) {
    let (_folder, knowledge) = knowledge();
    let mut known = Known::of(&report.purls(), &knowledge, TODAY).unwrap();
    let product = Product { name: "shop", purl: None };
    vex::apply(statements, report, product, TODAY, &mut known);
    report.known = Some(known);
}

fn with(statements: &[vex::Statement]) -> Report {
    let mut report = shop("acme==1.0\nbeta==1.0\nclean==1.0\n");
    compared(&mut report, statements);
    report
}

fn open(report: &Report) -> Vec<(Grade, usize)> {
    report.known.as_ref().unwrap().open().into_iter().collect()
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_known_stands_beside_the_components_and_what_is_not_checked_says_so() {
    let report = with(&[]);
    assert_eq!(open(&report), [(Grade::Critical, 1), (Grade::Medium, 1)]);
    let whole: Value =
        serde_json::from_str(&text(|out| json::write(&report, &DOCUMENT, out).unwrap())).unwrap();
    let of = |name: &str| {
        let all = whole["components"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap().clone()
    };
    assert_eq!(of("acme")["vulnerabilities"][0]["id"], "CVE-2026-1");
    assert_eq!(of("acme")["recommended"]["version"], "1.5");
    assert_eq!(of("acme")["vulnerabilities"][0]["stated_by"][0]["range"], "< 1.5");
    assert_eq!(
        (&of("clean")["checked"], of("clean").get("vulnerabilities")),
        (&Value::Bool(true), None)
    );
    assert_eq!(of("plug")["not_checked_because"], "no_source");
    let coverage = whole["knowledge"]["coverage"].as_array().unwrap();
    let hex = coverage.iter().find(|row| row["ecosystem"] == "Hex").unwrap();
    assert_eq!((&hex["state"], &hex["checked"]), (&Value::from("not_checked"), &Value::from(0)));
    let shown = text(|out| table::write(&report, out).unwrap());
    assert!(shown.contains("CVE-2026-1") && shown.contains("no_source 1"), "{shown}");
    let lines = text(|out| csv::write(&report, out).unwrap());
    assert!(
        lines.contains(",critical,CVE-2026-1,1.5\r\n") && lines.contains(",no_source,,,\r\n"),
        "{lines}"
    );
}

#[test]
fn without_knowledge_nothing_looks_checked() {
    let mut report = shop("acme==1.0\n");
    report.known = Some(Known::nothing(&report.purls()));
    let shown = text(|out| table::write(&report, out).unwrap());
    assert!(shown.contains("NOT CHECKED: there is no knowledge base"), "{shown}");
    let page = text(|out| html::write(&report, &DOCUMENT, out).unwrap());
    assert!(page.contains("Nothing was compared"), "{page}");
    assert_eq!(report.known.unwrap().not_checked(), report.components.len());
}

#[test]
fn a_page_carries_nothing_of_what_was_scanned_into_the_browser() {
    let page = text(|out| html::write(&with(&[]), &DOCUMENT, out).unwrap());
    assert!(page.contains("2 known vulnerabilities are open, 1 of them critical"), "{page}");
    assert!(!page.contains("<b>acme</b>") && page.contains("acme&#60;/b&#62; is broken"), "{page}");
    assert!(!page.contains("<script") && !page.contains("src="), "{page}");
}

#[test]
fn sarif_and_cyclonedx_name_every_vulnerability_once() {
    let report = with(&[]);
    let sarif: Value =
        serde_json::from_str(&text(|out| sarif::write(&report, &DOCUMENT, out).unwrap())).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
    assert_eq!(run["results"][0]["ruleId"], run["tool"]["driver"]["rules"][0]["id"]);
    assert_eq!(run["results"][0]["level"], "error");
    assert_eq!(
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "shop.zip!/requirements.txt"
    );
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("not checked: Hex"), "{notes}");
    let bom: Value = serde_json::from_str(&text(|out| {
        cyclonedx::write(cyclonedx::Edition::V1_6, &report, &DOCUMENT, out).unwrap();
    }))
    .unwrap();
    let all = bom["vulnerabilities"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["affects"][0]["ref"], "pkg:pypi/acme@1.0");
    assert_eq!(all[0]["ratings"][0]["method"], "CVSSv31");
    assert_eq!(all[0]["cwes"][0], 79);
}

fn openvex(statement: &str) -> Vec<vex::Statement> {
    let document = format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-01T00:00:00Z","statements":[{statement}]}}"#
    );
    vex::read("a.vex", document.as_bytes()).unwrap()
}

#[test]
fn a_statement_closes_what_it_names_and_nothing_else() {
    for (statement, closes, why) in [
        (r#""products":[{"@id":"pkg:pypi/acme@1.0"}]"#, true, ""),
        (r#""products":[{"@id":"pkg:pypi/acme"}]"#, true, ""),
        (r#""products":[{"@id":"pkg:pypi/acme@2.0"}]"#, false, "names no component"),
        (
            r#""products":[{"@id":"pkg:generic/shop","subcomponents":[{"@id":"pkg:pypi/acme@1.0"}]}]"#,
            true,
            "",
        ),
        (r#""products":[{"@id":"pkg:generic/shop"}]"#, true, ""),
        (
            r#""products":[{"@id":"pkg:generic/other","subcomponents":[{"@id":"pkg:pypi/acme@1.0"}]}]"#,
            false,
            "another product",
        ),
        (r#""products":[{"@id":"pkg:pypi/beta@1.0"}]"#, false, "another one does"),
    ] {
        let statements = openvex(&format!(
            r#"{{"vulnerability":{{"name":"PYSEC-1"}},"status":"not_affected","justification":"vulnerable_code_not_present",{statement}}}"#
        ));
        let report = with(&statements);
        let unused = &report.known.as_ref().unwrap().unused;
        assert_eq!(
            open(&report).iter().any(|(grade, _)| *grade == Grade::Critical),
            !closes,
            "{statement}"
        );
        assert_eq!(unused.is_empty(), closes, "{statement}");
        assert!(closes || unused[0].reason.contains(why), "{statement}: {unused:?}");
    }
}

#[test]
fn the_newest_of_several_statements_holds() {
    let statement = |status: &str, time: &str| {
        format!(
            r#"{{"vulnerability":{{"name":"CVE-2026-1"}},"timestamp":"{time}","status":"{status}",
            "products":[{{"@id":"pkg:pypi/acme"}}]}}"#
        )
    };
    let (old, new) = ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    let both = format!("{},{}", statement("affected", new), statement("fixed", old));
    assert_eq!(open(&with(&openvex(&both))).len(), 2);
}

#[test]
fn cyclonedx_and_csaf_statements_close_too() {
    let cyclonedx = br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
        {"bom-ref":"c1","type":"library","name":"acme","purl":"pkg:pypi/acme@1.0"}],
        "vulnerabilities":[{"id":"CVE-2026-1","analysis":{"state":"not_affected","justification":"code_not_reachable"},
        "affects":[{"ref":"urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#c1"}]}]}"#;
    let csaf = br#"{"document":{"csaf_version":"2.0","category":"csaf_vex"},"product_tree":{"branches":[{
        "branches":[{"product":{"product_id":"P","name":"shop"}},{"product":{"product_id":"C","name":"acme",
        "product_identification_helper":{"purl":"pkg:pypi/acme@1.0"}}}]}],"relationships":[{
        "category":"default_component_of","product_reference":"C","relates_to_product_reference":"P",
        "full_product_name":{"product_id":"P:C","name":"acme in shop"}}]},"vulnerabilities":[{"cve":"CVE-2026-1",
        "product_status":{"known_not_affected":["P:C"]},"flags":[{"label":"component_not_present","product_ids":["P:C"]}]}]}"#;
    for (document, word) in
        [(cyclonedx.as_slice(), "code_not_reachable"), (csaf.as_slice(), "component_not_present")]
    {
        let report = with(&vex::read("x.json", document).unwrap());
        assert_eq!(open(&report), [(Grade::Medium, 1)]);
        let known = report.known.unwrap();
        let closed = known.vulnerabilities().find_map(|one| one.judgement.clone()).unwrap();
        assert_eq!(closed.justification, word);
    }
    assert!(vex::read("x.json", b"{}").unwrap_err().message().contains("x.json"));
}

#[test]
fn rules_close_until_their_day_and_say_what_is_wrong_with_them() {
    let rules = |text: &str| vex::rules("ignore", text);
    let closed =
        with(&rules("# all of it\nCVE-2026-1 pkg:pypi/acme until=2026-11-25 # soon\n").unwrap());
    assert_eq!(open(&closed), [(Grade::Medium, 1)]);
    let ended = with(&rules("CVE-2026-1 until=2026-11-24\nCVE-2026-9").unwrap());
    assert_eq!(open(&ended).len(), 2);
    let reasons: Vec<&str> =
        ended.known.as_ref().unwrap().unused.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["ended on 2026-11-24", "nothing that was found has this vulnerability"]);
    for text in ["\nCVE-1 acme", "\nCVE-1 until=soon"] {
        assert!(rules(text).unwrap_err().message().contains("ignore, line 2"));
    }
}

#[test]
fn what_is_written_as_openvex_can_be_decided_and_given_back() {
    let written = text(|out| openvex::write(&with(&[]), &DOCUMENT, None, out).unwrap());
    assert_eq!(written.matches("under_investigation").count(), 2);
    let decided = written.replace("under_investigation", "fixed");
    let report = with(&vex::read("decided.json", decided.as_bytes()).unwrap());
    assert!(open(&report).is_empty());
    assert!(report.known.as_ref().unwrap().unused.is_empty());
    let again = text(|out| openvex::write(&report, &DOCUMENT, None, out).unwrap());
    assert!(again.contains("\"fixed\"") && !again.contains("under_investigation"));
}

#[test]
fn an_sbom_is_an_artifact_whatever_its_name() {
    let mut report = with(&[]);
    report.known = None;
    let forms = [
        text(|out| json::write(&report, &DOCUMENT, out).unwrap()),
        text(|out| cyclonedx::write(cyclonedx::Edition::V1_6, &report, &DOCUMENT, out).unwrap()),
        text(|out| muster_sca::output::spdx::write(&report, &DOCUMENT, out).unwrap()),
    ];
    for form in forms {
        let mut again = scan_bytes("inventory", form.as_bytes());
        assert_eq!(crate::purls(&again), crate::purls(&report));
        compared(&mut again, &[]);
        assert_eq!(open(&again).len(), 2);
    }
    // A file among others is looked into by its name only.
    let inside = scan_bytes("x.zip", &zip(&[("inventory", b"{\"bomFormat\":\"CycloneDX\"}")]));
    assert!(inside.components.is_empty() && inside.troubles.is_empty());
}

#[test]
fn a_difference_tells_what_came_went_and_moved() {
    let (mut old, mut new) = (shop("acme==1.0\nclean==1.0\n"), shop("acme==1.5\nbeta==1.0\n"));
    compared(&mut old, &[]);
    compared(&mut new, &[]);
    let found = diff(&old, &new);
    let names = |list: &[&muster_sca::Component]| -> Vec<String> {
        list.iter().map(|one| one.purl.name().to_owned()).collect()
    };
    assert_eq!(
        (names(&found.added), names(&found.removed)),
        (vec!["beta".into()], vec!["clean".into()])
    );
    assert_eq!(found.moved[0].from, ["1.0"]);
    assert_eq!(found.moved[0].to, ["1.5"]);
    assert_eq!(found.new[0].vulnerability.finding.id, "CVE-2026-2");
    assert_eq!(found.gone[0].vulnerability.finding.id, "CVE-2026-1");
}

#[test]
fn a_rule_lists_what_is_missing_and_files_are_named_by_their_content() {
    use muster_sca::profile::{Profile, check};
    use muster_sca::{Budget, Input, Limits, Options, scan};
    let jar = zip(&[
        ("META-INF/MANIFEST.MF", b"Implementation-Vendor: ACME Works\n".as_slice()),
        ("META-INF/maven/g/x/pom.properties", b"groupId=g\nartifactId=x\nversion=1\n"),
    ]);
    let whole = zip(&[("lib/x-1.jar", jar.as_slice()), ("requirements.txt", b"acme==1.0\n")]);
    let budget = Budget::new(Limits::default(), std::time::Instant::now());
    let options = Options { files: true, ..Options::default() };
    let mut report = scan(Input::Bytes("shop.zip", &whole), &options, &budget);
    let x = report.components.iter().find(|one| one.purl.name() == "x").unwrap();
    let file = x.file.as_ref().unwrap();
    assert_eq!((file.name.as_str(), file.size), ("x-1.jar", jar.len() as u64));
    assert_eq!((file.sha512.len(), file.archive, file.executable), (128, true, false));
    let missing = |report: &Report, profile| -> Vec<(String, usize)> {
        check(report, profile)
            .into_iter()
            .map(|gap| (gap.field.to_owned(), gap.missing.len()))
            .collect()
    };
    let before = missing(&report, Profile::Bsi);
    assert!(
        before.iter().any(|(field, count)| field.starts_with("SHA-512") && *count == 1),
        "{before:?}"
    );
    assert!(before.iter().any(|(field, _)| field.contains("--creator")), "{before:?}");
    assert_eq!(x.supplier.as_deref(), Some("ACME Works"));
    assert!(
        before.iter().any(|(field, count)| field.starts_with("supplier") && *count == 1),
        "{before:?}"
    );
    report.creator = Some("sbom@example.com".to_owned());
    assert_eq!(missing(&report, Profile::Bsi).len(), before.len() - 1);
    assert!(missing(&report, Profile::Cra).is_empty(), "{:?}", missing(&report, Profile::Cra));
}

/// All texts and numbers within a value.
fn leaves(value: &Value, to: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|one| leaves(one, to)),
        Value::Array(list) => list.iter().for_each(|one| leaves(one, to)),
        Value::String(text) => to.push(text.clone()),
        other => to.push(other.to_string()),
    }
}

#[test]
fn what_cyclonedx_says_as_json_it_says_as_xml() {
    use cyclonedx::Edition;
    let mut report = with(&[]);
    report.creator = Some("sbom@example.com".to_owned());
    report.components[0].supplier = Some("A & B".to_owned());
    for edition in [Edition::V1_6, Edition::V1_7] {
        let json = text(|out| cyclonedx::write(edition, &report, &DOCUMENT, out).unwrap());
        let xml = text(|out| cyclonedx::write_xml(edition, &report, &DOCUMENT, out).unwrap());
        let mut whole: Value = serde_json::from_str(&json).unwrap();
        for only_json in ["$schema", "bomFormat", "specVersion"] {
            whole.as_object_mut().unwrap().remove(only_json);
        }
        let mut said = Vec::new();
        leaves(&whole, &mut said);
        assert!(said.len() > 50, "{}", said.len());
        for text in said {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let escaped = escaped.replace('"', "&quot;");
            assert!(
                xml.contains(&format!(">{escaped}<")) || xml.contains(&format!("\"{escaped}\"")),
                "{text}"
            );
        }
        assert!(xml.contains("<supplier>\n        <name>A &amp; B</name>"), "{xml}");
    }
}

#[test]
fn spdx_3_refers_only_to_what_it_lists() {
    use muster_sca::output::spdx3;
    let report = with(&[]);
    let whole: Value =
        serde_json::from_str(&text(|out| spdx3::write(&report, &DOCUMENT, out).unwrap())).unwrap();
    let graph = whole["@graph"].as_array().unwrap();
    let ids: Vec<&Value> = graph.iter().filter_map(|one| one.get("spdxId")).collect();
    let unique: std::collections::BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(unique.len(), ids.len(), "an id is given twice");
    let mut pointed = 0;
    for element in graph {
        for name in ["from", "to", "element", "rootElement", "suppliedBy"] {
            let Some(value) = element.get(name) else { continue };
            let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for one in &list {
                assert!(ids.contains(&one), "{name}: {one}");
                pointed += 1;
            }
        }
    }
    let of = |kind: &str| graph.iter().filter(|one| one["type"] == kind).count();
    assert_eq!((of("security_Vulnerability"), of("CreationInfo"), of("SpdxDocument")), (2, 1, 1));
    assert!(pointed > 10);
}
