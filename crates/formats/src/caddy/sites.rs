//! What a Caddyfile serves: site addresses with automatic HTTPS, roots and proxied paths.

use super::{Node, read};
use crate::include::Sources;
use crate::site::{CATCH_ALL, Site};
use std::collections::{HashMap, HashSet};

/// Most sites taken from one configuration.
const MAX_SITES: usize = 20_000;

struct Options {
    http_port: u16,
    https_port: u16,
    bind: String,
    auto_https: bool,
}

/// The sites of the Caddyfile in `path`: every address of every site block with its root and the paths
/// that are proxied or have a directory of their own. Matchers by name have no path of their own.
pub fn sites(
    path: &str,
    text: &str,
    environment: &HashMap<String, String>,
    sources: &mut dyn Sources,
) -> Vec<Site> {
    let mut nodes = read(path, text, environment, sources);
    let mut options =
        Options { http_port: 80, https_port: 443, bind: "0.0.0.0".to_owned(), auto_https: true };
    if nodes.first().is_some_and(|node| node.words.is_empty()) {
        options.read(nodes.remove(0).block.as_deref().unwrap_or_default());
    }
    // A file with a single site may leave out its braces.
    if nodes.first().is_some_and(|node| node.block.is_none()) {
        let mut site = nodes.remove(0);
        site.block = Some(std::mem::take(&mut nodes));
        nodes.push(site);
    }
    let mut sites = Vec::new();
    let mut seen = HashSet::new();
    for node in &nodes {
        let Some(block) = &node.block else { continue };
        for site in serve(node, block, &options) {
            let key = (site.domain.clone(), site.port, site.bind.clone(), site.url_path.clone());
            if sites.len() < MAX_SITES && seen.insert(key) {
                sites.push(site);
            }
        }
    }
    sites
}

impl Options {
    fn read(&mut self, block: &[Node]) {
        for node in block {
            let value = node.args().first().map_or("", String::as_str);
            match node.name() {
                "http_port" => self.http_port = value.parse().unwrap_or(self.http_port),
                "https_port" => self.https_port = value.parse().unwrap_or(self.https_port),
                "default_bind" if !value.is_empty() => self.bind = value.to_owned(),
                "auto_https" => self.auto_https = value != "off",
                _ => {}
            }
        }
    }
}

fn serve(node: &Node, block: &[Node], options: &Options) -> Vec<Site> {
    let bind = block.iter().find(|node| node.name() == "bind");
    let bind = bind.and_then(|node| node.args().first()).unwrap_or(&options.bind);
    let tls = block.iter().find(|node| node.name() == "tls");
    let certificate = tls.map(Node::args).and_then(|args| match args {
        [certificate, _key] => Some(certificate.clone()),
        _ => None,
    });
    let mut places = Vec::new();
    collect(block, None, &mut places);
    let mut sites = Vec::new();
    for address in node.words.iter().flat_map(|word| word.split(',')) {
        let Some(address) = Address::parse(address, tls.is_some(), options) else { continue };
        for place in &places {
            sites.push(Site {
                domain: address.host.to_owned(),
                aliases: Vec::new(),
                port: address.port,
                bind: bind.clone(),
                url_path: match place.url_path.as_str() {
                    "/" => address.path.to_owned(),
                    path => path.to_owned(),
                },
                root: place.root.clone(),
                upstream: place.upstream.clone(),
                https: address.https,
                certificate: certificate.clone().filter(|_| address.https),
                file: node.file.clone(),
            });
        }
    }
    sites
}

struct Address<'a> {
    host: &'a str,
    port: u16,
    path: &'a str,
    https: bool,
}

impl<'a> Address<'a> {
    fn parse(text: &'a str, tls: bool, options: &Options) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None => ("", text),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        if authority.is_empty() && scheme.is_empty() {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, Some(port.parse().ok().filter(|port: &u16| *port != 0)?))
            }
            _ => (authority, None),
        };
        let host = match host.trim_start_matches('[').trim_end_matches(']') {
            "" => CATCH_ALL,
            host => host,
        };
        let automatic = options.auto_https && host != CATCH_ALL && port != Some(options.http_port);
        let https = match scheme {
            "http" => false,
            "https" => true,
            _ => tls || automatic || port.is_none() || port == Some(options.https_port),
        };
        // An address without anything but `http://` is a catch-all on the plain port.
        let default = if https { options.https_port } else { options.http_port };
        Some(Self { host, port: port.unwrap_or(default), path: path.trim_end_matches('*'), https })
    }
}

struct Place {
    url_path: String,
    root: Option<String>,
    upstream: Option<String>,
}

/// Walks a block; `prefix` is the path of the `handle` around it.
fn collect(block: &[Node], prefix: Option<&str>, places: &mut Vec<Place>) {
    let own = prefix.unwrap_or("/");
    let mut here = Place { url_path: own.to_owned(), root: None, upstream: None };
    for node in block {
        let (path, args) = match node.args() {
            [first, rest @ ..] if first.starts_with('/') && node.name() != "root" => {
                (Some(first.trim_end_matches('*')), rest)
            }
            [first, rest @ ..] if first == "*" || first.starts_with('@') => (None, rest),
            args => (None, args),
        };
        match node.name() {
            "root" => match node.args() {
                [path, root] if path.starts_with('/') => places.push(Place {
                    url_path: path.trim_end_matches('*').to_owned(),
                    root: Some(root.clone()),
                    upstream: None,
                }),
                [matcher, _] if matcher.starts_with('@') => {}
                args => here.root = args.last().cloned(),
            },
            "reverse_proxy" | "php_fastcgi" => {
                let upstream = (!args.is_empty()).then(|| args.join(" "));
                match path {
                    Some(path) => {
                        places.push(Place { url_path: path.to_owned(), root: None, upstream });
                    }
                    // A matcher by name says nothing about the path.
                    None if node.args().first().is_some_and(|arg| arg.starts_with('@')) => {}
                    None => here.upstream = upstream,
                }
            }
            "handle" | "handle_path" | "route" => {
                let inner = node.block.as_deref().unwrap_or_default();
                let named = node.args().first().is_some_and(|arg| arg.starts_with('@'));
                match path {
                    Some(path) => collect(inner, Some(path), places),
                    None if named => {}
                    None => {
                        let mut fallback = Vec::new();
                        collect(inner, Some(own), &mut fallback);
                        for place in fallback {
                            if place.url_path == own {
                                here.root = place.root.or(here.root.take());
                                here.upstream = place.upstream.or(here.upstream.take());
                            } else {
                                places.push(place);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    places.insert(0, here);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let known = HashMap::new();
        sites("/etc/caddy/Caddyfile", text, &known, &mut ()).iter().map(line).collect()
    }

    fn line(site: &Site) -> String {
        format!(
            "{} {}:{} {} {} {} {} {}",
            site.domain,
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
    fn debians_default() {
        assert_eq!(
            of("# c\n:80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n"),
            ["_ 0.0.0.0:80 / /usr/share/caddy - false -"]
        );
    }

    #[test]
    fn a_single_site_without_braces() {
        assert_eq!(
            of("localhost\nreverse_proxy 127.0.0.1:9000\n"),
            ["localhost 0.0.0.0:443 / - 127.0.0.1:9000 true -"]
        );
    }

    #[test]
    fn addresses_and_paths() {
        assert_eq!(
            of("{\n default_bind 127.0.0.1\n}\n\
                a.example, http://b.example:8080 {\n tls /c.pem /k.pem\n root * /srv\n\
                 handle_path /static/* {\n root * /data\n }\n reverse_proxy /api/* up:1 up:2\n\
                 reverse_proxy @named up:3\n handle {\n php_fastcgi unix//run/php\n }\n}\n\
                :8443 {\n bind 10.0.0.1\n tls internal\n}\n"),
            [
                "a.example 127.0.0.1:443 / /srv unix//run/php true /c.pem",
                "a.example 127.0.0.1:443 /static/ /data - true /c.pem",
                "a.example 127.0.0.1:443 /api/ - up:1 up:2 true /c.pem",
                "b.example 127.0.0.1:8080 / /srv unix//run/php false -",
                "b.example 127.0.0.1:8080 /static/ /data - false -",
                "b.example 127.0.0.1:8080 /api/ - up:1 up:2 false -",
                "_ 10.0.0.1:8443 / - - true -",
            ]
        );
    }
}
