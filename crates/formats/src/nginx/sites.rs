//! What an nginx configuration serves: `http` → `server` → `location`, with the inheritance of `root`,
//! certificates and `ssl` from the outer block.

use super::{Directive, parse};
use crate::include::Sources;
use crate::site::{Address, CATCH_ALL, Site};
use std::collections::HashSet;

/// Most sites taken from one configuration.
const MAX_SITES: usize = 20_000;

/// What inner blocks inherit.
#[derive(Clone, Default)]
struct Scope {
    root: Option<String>,
    certificate: Option<String>,
    ssl: bool,
}

impl Scope {
    fn enter(&self, block: &[Directive]) -> Self {
        let mut scope = self.clone();
        let mut own_certificate = false;
        for directive in block {
            match directive.name.as_str() {
                "root" => scope.root = Some(directive.arg().to_owned()),
                // The first of several: the others are for other key types.
                "ssl_certificate" if !own_certificate => {
                    scope.certificate = Some(directive.arg().to_owned());
                    own_certificate = true;
                }
                "ssl" => scope.ssl = directive.arg() == "on",
                _ => {}
            }
        }
        scope
    }
}

/// The sites of the configuration in `path`: for every `server`, each address it listens on, the site's
/// root and each prefix `location` with a directory or an upstream of its own. Locations by regular
/// expression, named ones and Unix sockets name no place of their own.
pub fn sites(path: &str, text: &str, sources: &mut dyn Sources) -> Vec<Site> {
    let config = parse(path, text, sources);
    let mut sites = Vec::new();
    let mut seen = HashSet::new();
    for http in config.iter().filter(|directive| directive.name == "http") {
        let scope = Scope::default().enter(&http.block);
        for server in http.block.iter().filter(|directive| directive.name == "server") {
            for site in serve(server, &scope) {
                let key =
                    (site.domain.clone(), site.port, site.bind.clone(), site.url_path.clone());
                if sites.len() < MAX_SITES && seen.insert(key) {
                    sites.push(site);
                }
            }
        }
    }
    sites
}

struct Listen {
    address: Address,
    tls: bool,
}

fn serve(server: &Directive, outer: &Scope) -> Vec<Site> {
    let scope = outer.enter(&server.block);
    let mut listens = Vec::new();
    let mut names = Vec::new();
    let mut unix = false;
    for directive in &server.block {
        match directive.name.as_str() {
            "listen" => match Address::parse(directive.arg()) {
                Some(address) => {
                    let tls =
                        directive.args.iter().skip(1).any(|arg| arg == "ssl" || arg == "quic");
                    listens.push(Listen { address, tls });
                }
                None => unix = true,
            },
            "server_name" => names.extend(directive.args.iter().map(String::as_str)),
            _ => {}
        }
    }
    if listens.is_empty() && !unix {
        listens.push(Listen { address: Address { host: None, port: Some(80) }, tls: false });
    }
    let (domain, aliases) = name(&names);
    let places = places(server, &scope);
    let mut sites = Vec::new();
    for listen in listens {
        let https = listen.tls || scope.ssl;
        for place in &places {
            sites.push(Site {
                domain: domain.clone(),
                aliases: aliases.clone(),
                port: listen.address.port.unwrap_or(80),
                bind: listen.address.bind(),
                url_path: place.url_path.clone(),
                root: place.root.clone(),
                upstream: place.upstream.clone(),
                https,
                certificate: scope.certificate.clone().filter(|_| https),
                file: server.file.to_string(),
            });
        }
    }
    sites
}

/// The first real name and the others.
fn name(names: &[&str]) -> (String, Vec<String>) {
    let mut real = names.iter().filter(|name| !matches!(**name, "" | CATCH_ALL));
    let domain = real.next().map_or(CATCH_ALL, |name| name);
    let mut aliases: Vec<String> = real.map(|name| (*name).to_owned()).collect();
    aliases.sort();
    aliases.dedup();
    (domain.to_owned(), aliases)
}

struct Place {
    url_path: String,
    root: Option<String>,
    upstream: Option<String>,
}

fn places(server: &Directive, scope: &Scope) -> Vec<Place> {
    let mut places = Vec::new();
    locations(&server.block, scope, &mut places);
    if !places.iter().any(|place| place.url_path == "/") {
        let answered = server.block.iter().any(|directive| directive.name == "return");
        // Without any `root`, nginx serves `html` below its prefix.
        let root = scope.root.clone().or_else(|| (!answered).then(|| "html".to_owned()));
        places.insert(0, Place { url_path: "/".to_owned(), root, upstream: None });
    }
    places
}

fn locations(block: &[Directive], outer: &Scope, into: &mut Vec<Place>) {
    for location in block.iter().filter(|directive| directive.name == "location") {
        let scope = outer.enter(&location.block);
        if let Some(url_path) = prefix(&location.args) {
            let alias = location.block.iter().find(|directive| directive.name == "alias");
            let own_root = location.block.iter().any(|directive| directive.name == "root");
            let upstream = location.block.iter().find(|directive| {
                matches!(
                    directive.name.as_str(),
                    "proxy_pass" | "fastcgi_pass" | "uwsgi_pass" | "scgi_pass" | "grpc_pass"
                )
            });
            let root = match alias {
                Some(alias) => Some(alias.arg().to_owned()),
                None if upstream.is_some() && !own_root => None,
                None => scope.root.as_ref().map(|root| below(root, url_path)),
            };
            if url_path == "/" || alias.is_some() || own_root || upstream.is_some() {
                let upstream = upstream.map(|directive| directive.arg().to_owned());
                into.push(Place { url_path: url_path.to_owned(), root, upstream });
            }
        }
        locations(&location.block, &scope, into);
    }
}

/// The path of a location by prefix or by exact match.
fn prefix(args: &[String]) -> Option<&str> {
    let path = match args {
        [modifier, path] if matches!(modifier.as_str(), "=" | "^~") => path.as_str(),
        [path] => path.strip_prefix("^~").or_else(|| path.strip_prefix('=')).unwrap_or(path),
        _ => return None,
    };
    path.starts_with('/').then_some(path)
}

/// `root` appends the whole path to the directory.
fn below(root: &str, url_path: &str) -> String {
    match url_path {
        "/" => root.to_owned(),
        _ => format!("{}{url_path}", root.trim_end_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        sites("/etc/nginx/nginx.conf", text, &mut ()).iter().map(line).collect()
    }

    fn line(site: &Site) -> String {
        format!(
            "{} {} {}:{} {} {} {} {} {}",
            site.domain,
            site.aliases.join(","),
            site.bind,
            site.port,
            site.url_path,
            site.root.as_deref().unwrap_or("-"),
            site.upstream.as_deref().unwrap_or("-"),
            site.https,
            site.certificate.as_deref().unwrap_or("-")
        )
    }

    #[test]
    fn servers_listens_names_and_inheritance() {
        assert_eq!(
            of("http { root /srv/all; ssl_certificate /c/all.pem;
                 server { server_name a.example www.a.example; listen 80; listen [::]:443 ssl http2; }
                 server { root /srv/b; server_name _; listen 127.0.0.1:8080 default_server; }
                 server { server_name c.example; listen unix:/run/c; }
                 server { return 301 https://$host; }
               }"),
            [
                "a.example www.a.example 0.0.0.0:80 / /srv/all - false -",
                "a.example www.a.example :::443 / /srv/all - true /c/all.pem",
                "_  127.0.0.1:8080 / /srv/b - false -",
                "_  0.0.0.0:80 / /srv/all - false -",
            ]
        );
    }

    #[test]
    fn locations_with_a_directory_or_an_upstream_of_their_own() {
        assert_eq!(
            of("http { server { root /srv; location / { try_files $uri =404; }
                 location /static/ { alias /data/static/; } location ^~ /img { root /data; }
                 location /api/ { proxy_pass http://127.0.0.1:9000; location /api/v2/ { proxy_pass http://v2; } }
                 location ~ \\.php$ { fastcgi_pass unix:/run/php; } location @named { proxy_pass http://x; }
                 location /plain/ { expires 1d; } } }"),
            [
                "_  0.0.0.0:80 / /srv - false -",
                "_  0.0.0.0:80 /static/ /data/static/ - false -",
                "_  0.0.0.0:80 /img /data/img - false -",
                "_  0.0.0.0:80 /api/ - http://127.0.0.1:9000 false -",
                "_  0.0.0.0:80 /api/v2/ - http://v2 false -",
            ]
        );
    }

    #[test]
    fn one_place_stands_once_and_streams_are_no_sites() {
        assert_eq!(
            of("stream { server { listen 3306; proxy_pass db; } }
                http { server { ssl on; listen 443 ssl; listen 443 quic; root /r/; } }"),
            ["_  0.0.0.0:443 / /r/ - true -"]
        );
    }
}
