//! The Terraform provider's calls, played from the table of what it calls, the way it calls: it is a second real
//! client and stricter than the SDKs. It signs without `host` and adds its scope headers afterwards, takes
//! certain success codes only, walks lists until they are empty, and takes 404 alone for "gone".

use crate::process::{Server, ask, wait_for};
use crate::raw::{Answer, send};
use muster_http::{Operation, Verb};
use muster_model::{Clock, SystemClock};
use muster_vault::signature::{Request, Scheme, SecretKey, Signer, sign};
use serde_json::{Value, json};
use std::path::Path;
use zeroize::Zeroizing;

const CALLS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/research/terraform-calls.csv");

struct Provider {
    endpoint: String,
    known: Value,
    key: SecretKey,
}

impl Provider {
    fn of(server: &Server, dir: &Path) -> Self {
        let known = std::fs::read(dir.join("credentials.json")).unwrap();
        let known: Value = serde_json::from_slice(&known).unwrap();
        let secret = known["secret_key"].as_str().unwrap().as_bytes().to_vec();
        let key = SecretKey::new(known["access_key"].as_str().unwrap(), Zeroizing::new(secret));
        Self { endpoint: server.endpoint.clone(), known, key }
    }

    fn known(&self, key: &str) -> &str {
        self.known[key].as_str().unwrap()
    }

    /// Signs what it has set so far, adds the scope headers, sends. A body ends in a newline.
    fn call(&self, method: &str, target: &str, body: Option<&Value>) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = body.map(|body| format!("{body}\n")).unwrap_or_default();
        let mut headers = vec![
            ("accept", "application/json"),
            ("user-agent", "terraform-provider"),
            ("x-language", "en-us"),
        ];
        if !body.is_empty() {
            headers.push(("content-type", "application/json;charset=utf8"));
        }
        let signed: Vec<_> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = Request { method, path, query, headers: &signed, body: body.as_bytes() };
        let signer = Signer { key: &self.key, scheme: Scheme::HmacSha256, scope: ("", "") };
        let proof = sign(&signer, &request, SystemClock.now()).unwrap();
        headers.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        headers.push(("X-Project-Id", self.known("project_id")));
        headers.push(("X-Domain-Id", self.known("domain_id")));
        send(&self.endpoint, method, target, &headers, body.as_bytes())
    }

    fn target(&self, row: &Operation, parameters: &[(&str, &str)]) -> String {
        let mut path = row.path.replace("{project_id}", self.known("project_id"));
        let mut query = Vec::new();
        for (name, value) in parameters {
            let place = format!("{{{name}}}");
            if path.contains(&place) {
                path = path.replace(&place, value);
            } else {
                query.push(format!("{name}={value}"));
            }
        }
        format!("{path}?{}", query.join("&"))
    }
}

/// The operations of the table that are in the contract, each once.
fn rows(service: &str, operations: &'static [Operation]) -> Option<Vec<&'static Operation>> {
    let Ok(text) = std::fs::read_to_string(CALLS) else {
        assert!(std::env::var_os("CI").is_none(), "{CALLS} is not there");
        return None;
    };
    let mut found: Vec<&Operation> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with(&format!("{service},"))) {
        let cells: Vec<&str> = line.split(',').collect();
        let (method, path) = (cells[4], cells[5]);
        let row = operations
            .iter()
            .filter(|row| row.verb.method().as_str() == method && row.path == path)
            .max_by_key(|row| row.is_served());
        found.extend(row);
    }
    found.sort_by_key(|row| (row.path, row.name));
    found.dedup_by_key(|row| (row.path, row.name));
    assert!(found.len() > 10, "the table of calls has changed its form");
    Some(found)
}

/// What a read of each operation is given beside its page.
fn parameters<'a>(row: &Operation, host: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut all = vec![("category", "host"), ("enterprise_project_id", "all_granted_eps")];
    let path = row.path;
    if path.ends_with("/web-app-and-services") || path.ends_with("/web-app-and-service-statistics")
    {
        all.push(("catalogue", "database"));
    }
    for (end, name, value) in [
        ("/ports/detail", "port", "22"),
        ("/common-port-info", "port", "22"),
        ("/asset/ports", "host_id", host),
        ("/manual-collect/{type}", "host_id", host),
        ("/manual-collect/{type}", "type", "database"),
        ("/host/web-site", "domain", "shop.example"),
        ("/host/kernel-module", "name", "ext4"),
        ("/midwares/detail", "file_name", "a.jar"),
        ("/vulnerability/host/{host_id}", "host_id", host),
        ("/vulnerability/hosts", "vul_id", "CVE-2021-44228"),
        ("/vulnerability/hosts", "type", "app_vul"),
        ("/image/{image_id}/apps", "image_type", "local_image"),
        ("/image/{image_id}/vulnerabilities", "image_type", "local_image"),
        ("/image/local/apps", "image_id", "gone"),
        ("/image/tasks", "type", "image_scan"),
    ] {
        if path.ends_with(end) {
            all.push((name, value));
        }
    }
    all
}

fn served(dir: &Path) -> (Server, String) {
    let server = Server::up(dir, &[]);
    let host = wait_for("this machine", || {
        ask(dir, &["hosts"]).get(0).map(|host| host["id"].as_str().unwrap().to_owned())
    });
    wait_for("a sweep", || {
        (!ask(dir, &["assets", "users"]).as_array().unwrap().is_empty()).then_some(())
    });
    (server, host)
}

#[test]
fn its_reads_of_the_host_service_answer_as_it_walks_them() {
    let Some(rows) = rows("hss", muster_api_hss::OPERATIONS) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (server, host) = served(dir.path());
    let provider = Provider::of(&server, dir.path());
    let (mut walked, mut refused) = (0, 0);
    for row in rows.iter().filter(|row| row.verb == Verb::Get) {
        let target = provider.target(row, &parameters(row, &host));
        if !row.is_served() {
            let target = target.replace(['{', '}'], "");
            let status = provider.call("GET", &target, None).status;
            assert_eq!(status, 501, "{}: 404 would make it forget what it knows", row.name);
            refused += 1;
            continue;
        }
        if row.path.contains("{task_id}") || row.path.contains("{file_id}") {
            let gone = target.replace("{task_id}", "gone").replace("{file_id}", "gone");
            assert_eq!(provider.call("GET", &gone, None).status, 404, "{}", row.name);
            continue;
        }
        if row.path.contains("{pod_name}") {
            let gone = target.replace("{pod_name}", "gone");
            assert_eq!(provider.call("GET", &gone, None).status, 404, "{}", row.name);
            continue;
        }
        if row.path.contains("{image_id}") || row.path.ends_with("/image/local/apps") {
            let gone = target.replace("{image_id}", "gone");
            assert_eq!(provider.call("GET", &gone, None).status, 404, "{}", row.name);
            continue;
        }
        // Until a page is empty, whatever the totals say.
        // What is most common has one page, which the contract gives no offset.
        let paged = !row.path.contains("/overview/");
        let mut offset = 0;
        loop {
            let page = provider.call("GET", &format!("{target}&limit=200&offset={offset}"), None);
            let body = page.json();
            assert_eq!(page.status, 200, "{} {target}: {body}", row.name);
            let Some(list) = body.get("data_list").filter(|_| paged) else { break };
            let list = list.as_array().unwrap_or_else(|| panic!("{}: {list}", row.name));
            if list.is_empty() {
                walked += 1;
                break;
            }
            offset += list.len();
            assert!(offset < 20_000, "{} has no end", row.name);
        }
        let beyond = provider.call("GET", &format!("{target}&limit=10&offset=2000000"), None);
        assert_eq!(beyond.status, 200, "{}", row.name);
        let beyond = beyond.json();
        let list = beyond.get("data_list").filter(|_| paged);
        assert!(list.is_none_or(|list| *list == json!([])), "{}: {beyond}", row.name);
    }
    assert!(walked > 20 && refused > 20, "{walked} lists walked, {refused} not served");
}

#[test]
fn its_writes_and_exports_succeed_with_the_codes_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let (server, host) = served(dir.path());
    let provider = Provider::of(&server, dir.path());
    let base = format!("/v5/{}", provider.known("project_id"));
    let takes = |answer: &Answer| {
        let body = String::from_utf8_lossy(&answer.body);
        assert!(matches!(answer.status, 200..=202), "{}: {body}", answer.status);
        answer.json()
    };
    takes(&provider.call(
        "POST",
        &format!("{base}/asset/manual-collect/database?host_id={host}"),
        None,
    ));
    let all = json!({"all_hosts": true});
    takes(&provider.call("POST", &format!("{base}/asset/assign-task?category=host"), Some(&all)));
    let value = json!({"asset_value": "important", "host_id_list": [host]});
    let associate = format!("{base}/host-management/asset-value/associate");
    takes(&provider.call("PUT", &associate, Some(&value)));
    let online = format!(
        "{base}/host-management/hosts?enterprise_project_id=all_granted_eps&host_id={host}&refresh=false"
    );
    let hosts = provider.call("GET", &online, None).json();
    assert_eq!(hosts["data_list"][0]["agent_status"], "online");
    assert_eq!(hosts["data_list"][0]["asset_value"], "important");

    let order = json!({"export_headers": [["user_name", "<Name> & more"]]});
    let export = format!("{base}/asset/export?asset_type=users&category=host");
    let task = takes(&provider.call("POST", &export, Some(&order)));
    let task = format!("{base}/export-task/{}", task["task_id"].as_str().unwrap());
    let file = wait_for("the exported file", || {
        let state = provider.call("GET", &task, None).json();
        (state["task_status"] == "success").then(|| state["file_id"].as_str().unwrap().to_owned())
    });
    let file = provider.call("GET", &format!("{base}/download/{file}"), None);
    assert_eq!(file.status, 200);
    // Every entry of the archive must be readable.
    assert!(file.body.starts_with(b"PK\x03\x04"), "not a ZIP archive");
    assert_eq!(file.header("content-length"), file.body.len().to_string());
}

#[test]
fn it_logs_in_and_manages_an_access_key() {
    let Some(rows) = rows("iam", muster_api_iam::OPERATIONS) else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::up(dir.path(), &["--no-local-agent"]);
    let provider = Provider::of(&server, dir.path());

    // What it asks before anything else.
    let projects = format!("/v3/projects?name={}", provider.known("region"));
    let projects = provider.call("GET", &projects, None).json();
    assert_eq!(projects["projects"].as_array().unwrap().len(), 1);
    assert_eq!(projects["projects"][0]["id"], provider.known("project_id"));
    let domains = provider.call("GET", "/v3/auth/domains", None).json();
    assert_eq!(domains["domains"][0]["name"], provider.known("domain_name"));
    let versions = send(&provider.endpoint, "GET", "/", &[], b"").json();
    let version = &versions["versions"]["values"][0];
    assert!(version["id"].as_str().unwrap().contains("v3"));
    assert!(matches!(version["status"].as_str(), Some("stable" | "current" | "supported")));
    assert!(version["links"][0]["href"].as_str().unwrap().starts_with(&provider.endpoint));
    for scope in [
        json!({"project": {"name": provider.known("project_name")}}),
        json!({"domain": {"name": provider.known("domain_name")}}),
    ] {
        let user = json!({"name": provider.known("user_name"), "password": provider.known("password"),
            "domain": {"name": provider.known("domain_name")}});
        let body = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}},
            "scope": scope}});
        let made =
            send(&provider.endpoint, "POST", "/v3/auth/tokens", &[], body.to_string().as_bytes());
        assert_eq!(made.status, 201);
        assert!(!made.header("X-Subject-Token").is_empty());
    }
    let named = format!("/v3/users?name={}", provider.known("user_name"));
    let users = provider.call("GET", &named, None).json();
    let user = users["users"][0]["id"].as_str().unwrap().to_owned();

    let keys = "/v3.0/OS-CREDENTIAL/credentials";
    let create = json!({"credential": {"user_id": user, "description": "made by terraform"}});
    let made = provider.call("POST", keys, Some(&create));
    assert_eq!(made.status, 201);
    let key = format!("{keys}/{}", made.json()["credential"]["access"].as_str().unwrap());
    assert_eq!(provider.call("GET", &key, None).json()["credential"]["status"], "active");
    let off = json!({"credential": {"status": "inactive", "description": "off"}});
    assert_eq!(provider.call("PUT", &key, Some(&off)).status, 200);
    assert_eq!(provider.call("GET", &key, None).json()["credential"]["status"], "inactive");
    assert!(matches!(provider.call("DELETE", &key, None).status, 200 | 202 | 204));
    assert_eq!(provider.call("GET", &key, None).status, 404, "gone");

    for row in rows.iter().filter(|row| row.verb == Verb::Get) {
        let target = provider
            .target(row, &[("user_id", &user), ("access_key", provider.known("access_key"))]);
        let answer = match row.name {
            // The token to check is a header of its own; what is asked of it is tested elsewhere.
            "KeystoneValidateToken" => continue,
            _ => provider.call("GET", &target.replace(['{', '}'], ""), None),
        };
        let body = answer.json();
        if !row.is_served() {
            assert_eq!(answer.status, 501, "{}: {body}", row.name);
            continue;
        }
        // What nobody has is gone for the provider, and it drops it from its state; a user without login
        // protection has none to show.
        if target.contains('{') || row.name == "ShowUserLoginProtect" {
            assert_eq!(answer.status, 404, "{} {target}: {body}", row.name);
            continue;
        }
        assert_eq!(answer.status, 200, "{} {target}: {body}", row.name);
        // Its pager takes the first list it meets.
        let lists = body.as_object().unwrap().iter();
        let lists =
            lists.filter(|(key, value)| value.is_array() && !key.ends_with("links")).count();
        assert!(lists <= 1, "{}: {lists} lists at the top", row.name);
    }
}
