//! Apache httpd configuration (`httpd.conf`, Debian's `apache2.conf`): what is in force, given the
//! modules loaded and the names defined. [`sites`] tells what it serves.
//!
//! Syntax and meaning as httpd.apache.org's "Configuration Sections" and the core, `mod_alias`,
//! `mod_proxy` and `mod_ssl` pages have it. Sections that only a request decides (`<If>`, `<Files>`,
//! `<Directory>` ...) are passed over; `<IfVersion>` is taken as met.

mod lines;
mod sites;

use crate::include::{Budget, MAX_DEPTH, Sources};
use crate::site::Address;
use lines::{Lines, words};
pub use sites::sites;
use std::collections::{HashMap, HashSet};

/// Most virtual hosts, addresses and places of one configuration, each.
const MAX_ITEMS: usize = 20_000;

/// What is known before the first line is read.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// `-d`: the server root; without one it follows from the configuration's place.
    pub server_root: Option<String>,
    /// The environment `httpd` is started with: see [`envvars`].
    pub environment: HashMap<String, String>,
    /// `-D`: names that count as defined.
    pub defines: Vec<String>,
}

/// Assignments of a shell fragment like Debian's `/etc/apache2/envvars`: `export NAME=value`, with
/// earlier names replaced in the value. Conditions are not evaluated: a later assignment wins.
pub fn envvars(text: &str) -> HashMap<String, String> {
    let mut known: HashMap<String, String> = HashMap::new();
    for line in text.lines().take(MAX_ITEMS) {
        let line = line.trim();
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=')
        else {
            continue;
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        // `SUFFIX` tells parallel instances apart; it is empty for the plain one.
        if name == "SUFFIX" {
            continue;
        }
        let value = value.trim_matches(['"', '\'']).replace("$SUFFIX", "").replace("${SUFFIX}", "");
        known.insert(name.to_owned(), lines::expand(&value, |name| known.get(name)));
    }
    known
}

/// What one server, main or virtual, is told.
#[derive(Clone, Debug, Default)]
struct Server {
    addresses: Vec<Address>,
    name: Option<String>,
    aliases: Vec<String>,
    root: Option<String>,
    ssl: Option<bool>,
    certificate: Option<String>,
    places: Vec<Place>,
    file: String,
}

/// A URL path with a directory or an upstream of its own.
#[derive(Clone, Debug)]
struct Place {
    url_path: String,
    root: Option<String>,
    upstream: Option<String>,
}

/// The configuration in force.
#[derive(Debug, Default)]
struct Config {
    root: String,
    listens: Vec<Address>,
    main: Server,
    hosts: Vec<Server>,
}

/// What an open section means for what stands in it.
enum Section {
    /// In force as if the section were not there.
    Plain,
    /// Not in force, or only for some requests.
    Skipped,
    /// A virtual host.
    Host,
    /// A URL path.
    Location(String),
}

struct Reader<'a> {
    sources: &'a mut dyn Sources,
    budget: Budget,
    environment: &'a HashMap<String, String>,
    defines: HashMap<String, String>,
    modules: HashSet<String>,
    config: Config,
    host: Option<Server>,
}

/// Modules that common builds have inside the program, so that no `LoadModule` names them.
const BUILT_IN: [&str; 8] = [
    "core.c",
    "http_core.c",
    "mod_so.c",
    "mod_watchdog.c",
    "mod_log_config.c",
    "mod_logio.c",
    "mod_version.c",
    "mod_unixd.c",
];

fn read(path: &str, text: &str, start: &Start, sources: &mut dyn Sources) -> Config {
    let root = start.server_root.clone().unwrap_or_else(|| default_root(path));
    let mut reader = Reader {
        sources,
        budget: Budget::default(),
        environment: &start.environment,
        defines: start.defines.iter().map(|name| (name.clone(), String::new())).collect(),
        modules: BUILT_IN.iter().map(|module| (*module).to_owned()).collect(),
        config: Config { root, ..Config::default() },
        host: None,
    };
    reader.config.main.file = path.to_owned();
    if reader.budget.take(text.len()) {
        reader.file(path, text, 0);
    }
    reader.config
}

/// `/x/conf/httpd.conf` belongs to the server root `/x`, `/etc/apache2/apache2.conf` to its directory.
fn default_root(path: &str) -> String {
    let home = path.rsplit_once('/').map_or("", |(home, _)| home);
    home.strip_suffix("/conf").unwrap_or(home).to_owned()
}

impl Reader<'_> {
    fn file(&mut self, path: &str, text: &str, depth: usize) {
        let mut open: Vec<(String, Section)> = Vec::new();
        for line in Lines::new(text) {
            let line = line.trim();
            if let Some(close) = line.strip_prefix("</") {
                let name = close.trim_end_matches('>').trim().to_ascii_lowercase();
                if open.last().is_some_and(|(last, _)| *last == name)
                    && let Some((_, Section::Host)) = open.pop()
                {
                    self.close_host();
                }
                continue;
            }
            let skipped = open.iter().any(|(_, section)| matches!(section, Section::Skipped));
            if let Some(head) = line.strip_prefix('<') {
                let head = head.strip_suffix('>').unwrap_or(head);
                let (name, rest) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
                let name = name.to_ascii_lowercase();
                let section = match skipped || open.len() >= MAX_DEPTH {
                    true => Section::Skipped,
                    false => self.open(&name, &self.words(rest), path),
                };
                open.push((name, section));
                continue;
            }
            if skipped {
                continue;
            }
            let location = open.iter().rev().find_map(|(_, section)| match section {
                Section::Location(path) => Some(path.as_str()),
                _ => None,
            });
            let words = self.words(line);
            if let Some((name, args)) = words.split_first() {
                self.directive(&name.to_ascii_lowercase(), args, location, depth);
            }
        }
        if open.iter().any(|(_, section)| matches!(section, Section::Host)) {
            self.close_host();
        }
    }

    fn words(&self, line: &str) -> Vec<String> {
        words(&lines::expand(line, |name| {
            self.defines.get(name).or_else(|| self.environment.get(name))
        }))
    }

    fn close_host(&mut self) {
        if let Some(host) = self.host.take()
            && self.config.hosts.len() < MAX_ITEMS
        {
            self.config.hosts.push(host);
        }
    }

    fn open(&mut self, name: &str, args: &[String], file: &str) -> Section {
        let first = args.first().map_or("", String::as_str);
        let (wanted, test) = match first.strip_prefix('!') {
            Some(test) => (false, test),
            None => (true, first),
        };
        let met = match name {
            "ifmodule" => self.modules.contains(test),
            "ifdefine" => self.defines.contains_key(test),
            "iffile" => {
                let path = self.absolute(test);
                !self.sources.matching(&path).is_empty()
            }
            "ifversion" => wanted,
            "virtualhost" => {
                let addresses = args.iter().filter_map(|arg| host_address(arg)).collect();
                let file = file.to_owned();
                self.host = Some(Server { addresses, file, ..Server::default() });
                return Section::Host;
            }
            "location" if first.starts_with('/') => return Section::Location(first.to_owned()),
            _ => return Section::Skipped,
        };
        if met == wanted { Section::Plain } else { Section::Skipped }
    }

    fn absolute(&self, path: &str) -> String {
        match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("{}/{path}", self.config.root),
        }
    }

    fn directive(&mut self, name: &str, args: &[String], location: Option<&str>, depth: usize) {
        let first = args.first().map_or("", String::as_str);
        let second = args.get(1).map(String::as_str);
        match name {
            "include" | "includeoptional" => return self.include(first, depth),
            "serverroot" => self.config.root = first.trim_end_matches('/').to_owned(),
            "define" => {
                self.defines.insert(first.to_owned(), second.unwrap_or_default().to_owned());
            }
            "undefine" => {
                self.defines.remove(first);
            }
            "loadmodule" => {
                self.modules.insert(first.to_owned());
                if let Some((_, file)) = second.unwrap_or_default().rsplit_once('/') {
                    self.modules.insert(format!("{}.c", file.trim_end_matches(".so")));
                }
            }
            "listen" => {
                if self.config.listens.len() < MAX_ITEMS
                    && let Some(address) = Address::parse(first)
                {
                    self.config.listens.push(address);
                }
            }
            _ => {}
        }
        let path = self.absolute(first);
        let second_path = second.map(|second| self.absolute(second));
        let server = self.host.as_mut().unwrap_or(&mut self.config.main);
        match name {
            "servername" => server.name = Some(host_name(first).to_owned()),
            "serveralias" if server.aliases.len() < MAX_ITEMS => {
                server.aliases.extend(args.iter().cloned());
            }
            "documentroot" => server.root = Some(path),
            "sslengine" => server.ssl = Some(!first.eq_ignore_ascii_case("off")),
            "sslcertificatefile" if server.certificate.is_none() => server.certificate = Some(path),
            "alias" | "scriptalias" => {
                let (url_path, root) = match (location, second_path) {
                    (Some(location), None) => (location, Some(path)),
                    (_, root) => (first, root),
                };
                let place = Place { url_path: url_path.to_owned(), root, upstream: None };
                server.place(place);
            }
            "proxypass" => {
                let (url_path, upstream) = match location {
                    Some(location) => (location, first),
                    None => (first, second.unwrap_or_default()),
                };
                if upstream != "!" && !upstream.is_empty() {
                    let upstream = Some(upstream.to_owned());
                    server.place(Place { url_path: url_path.to_owned(), root: None, upstream });
                }
            }
            _ => {}
        }
    }

    fn include(&mut self, pattern: &str, depth: usize) {
        if pattern.is_empty() || depth >= MAX_DEPTH {
            return;
        }
        let pattern = self.absolute(pattern);
        let mut found = self.sources.matching(&pattern);
        if found.is_empty() {
            // A directory stands for all files in it.
            found = self.sources.matching(&format!("{}/*", pattern.trim_end_matches('/')));
        }
        for included in found {
            if !self.budget.take(included.text.len()) {
                return;
            }
            self.file(&included.path, &included.text, depth + 1);
        }
    }
}

impl Server {
    fn place(&mut self, place: Place) {
        if self.places.len() < MAX_ITEMS && place.url_path.starts_with('/') {
            self.places.push(place);
        }
    }
}

/// `_default_` is another way to write every address.
fn host_address(text: &str) -> Option<Address> {
    let mut address = Address::parse(text)?;
    address.host = address.host.filter(|host| host != "_default_");
    Some(address)
}

/// `https://name:443` names the host `name`.
fn host_name(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.rsplit_once(':').map_or(text, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::Included;
    use proptest::prelude::*;

    #[test]
    fn debians_environment() {
        let known = envvars(
            "unset HOME\nif x; then\n SUFFIX=\"-a\"\nfi\nexport APACHE_RUN_USER=www-data\n\
             export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\nexport X=\"${APACHE_LOG_DIR}/x\" \n#A=1",
        );
        assert_eq!(known["APACHE_RUN_USER"], "www-data");
        assert_eq!(known["APACHE_LOG_DIR"], "/var/log/apache2");
        assert_eq!(known["X"], "/var/log/apache2/x");
        assert_eq!(known.len(), 3);
    }

    struct Endless;
    impl Sources for Endless {
        fn matching(&mut self, pattern: &str) -> Vec<Included> {
            let text = "Include a\nInclude a\n".to_owned();
            vec![Included { path: pattern.to_owned(), text }]
        }
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        read("/etc/apache2/apache2.conf", "Include a", &Start::default(), &mut Endless);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(
            text in "(<|</|>|VirtualHost|IfModule|Location|Listen|Alias|Define|ProxyPass| |\n|[a-z:*/.]|[$\\{}\"'\\\\]){0,120}"
        ) {
            sites("/etc/apache2/apache2.conf", &text, &Start::default(), &mut ());
            envvars(&text);
        }
    }
}
