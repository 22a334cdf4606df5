//! What an httpd configuration serves: virtual hosts matched against what is listened on.

use super::{Config, Place, Server, Start, read};
use crate::include::Sources;
use crate::site::{Address, CATCH_ALL, Site};
use std::collections::HashSet;

/// Most sites taken from one configuration.
const MAX_SITES: usize = 20_000;

/// The sites of the configuration in `path`: every virtual host on every address it is reached by, the
/// main server where no virtual host takes over, each with its root, `Alias`, `ScriptAlias` and
/// `ProxyPass` places. A virtual host on a port nobody listens on serves nothing.
pub fn sites(path: &str, text: &str, start: &Start, sources: &mut dyn Sources) -> Vec<Site> {
    let config = read(path, text, start, sources);
    let mut out = Out { sites: Vec::new(), seen: HashSet::new() };
    for host in &config.hosts {
        for address in &host.addresses {
            for listen in &config.listens {
                if let Some((bind, port)) = reached(address, listen) {
                    out.serve(&config, host, &bind, port);
                }
            }
        }
    }
    for listen in &config.listens {
        let taken = config.hosts.iter().flat_map(|host| &host.addresses).any(|address| {
            (address.host.is_none() || address.host == listen.host)
                && (address.port.is_none() || address.port == listen.port)
        });
        if let (false, Some(port)) = (taken, listen.port) {
            out.serve(&config, &config.main, &listen.bind(), port);
        }
    }
    out.sites
}

/// Address and port at which a virtual host's address is reached through a `Listen`.
fn reached(address: &Address, listen: &Address) -> Option<(String, u16)> {
    let port = listen.port?;
    if address.port.is_some_and(|wanted| wanted != port) {
        return None;
    }
    match (&address.host, &listen.host) {
        (Some(host), Some(on)) if host != on => None,
        (Some(host), _) => Some((host.clone(), port)),
        (None, _) => Some((listen.bind(), port)),
    }
}

struct Out {
    sites: Vec<Site>,
    seen: HashSet<(String, u16, String, String)>,
}

impl Out {
    fn serve(&mut self, config: &Config, server: &Server, bind: &str, port: u16) {
        let main = &config.main;
        let name = server.name.as_ref().or(main.name.as_ref());
        let domain = name.filter(|name| !name.is_empty()).map_or(CATCH_ALL, String::as_str);
        let mut aliases = server.aliases.clone();
        aliases.sort();
        aliases.dedup();
        let https = server.ssl.or(main.ssl).unwrap_or(false);
        let certificate = server.certificate.as_ref().or(main.certificate.as_ref());
        let root = Place {
            url_path: "/".to_owned(),
            root: server.root.clone().or_else(|| main.root.clone()),
            upstream: None,
        };
        // A server's own places stand before the shared aliases and before its root.
        let shared = main.places.iter().filter(|place| place.root.is_some());
        let own = server.places.iter();
        for place in own.chain(shared).chain([&root]) {
            let url_path = place.url_path.as_str();
            let key = (domain.to_owned(), port, bind.to_owned(), url_path.to_owned());
            if self.sites.len() >= MAX_SITES || !self.seen.insert(key) {
                continue;
            }
            self.sites.push(Site {
                domain: domain.to_owned(),
                aliases: aliases.clone(),
                port,
                bind: bind.to_owned(),
                url_path: url_path.to_owned(),
                root: place.root.clone(),
                upstream: place.upstream.clone(),
                https,
                certificate: certificate.filter(|_| https).cloned(),
                file: server.file.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::Included;

    struct Files(&'static [(&'static str, &'static str)]);
    impl Sources for Files {
        fn matching(&mut self, pattern: &str) -> Vec<Included> {
            let prefix = pattern.strip_suffix("*.conf");
            let files = self.0.iter().filter(|(path, _)| {
                *path == pattern || prefix.is_some_and(|prefix| path.starts_with(prefix))
            });
            files
                .map(|(path, text)| Included { path: (*path).into(), text: (*text).into() })
                .collect()
        }
    }

    fn of(text: &str, files: &'static [(&'static str, &'static str)]) -> Vec<String> {
        let start = Start { defines: vec!["PROD".into()], ..Start::default() };
        sites("/etc/apache2/apache2.conf", text, &start, &mut Files(files))
            .iter()
            .map(line)
            .collect()
    }

    fn line(site: &Site) -> String {
        format!(
            "{} [{}] {}:{} {} {} {} {} {} {}",
            site.domain,
            site.aliases.join(","),
            site.bind,
            site.port,
            site.url_path,
            site.root.as_deref().unwrap_or("-"),
            site.upstream.as_deref().unwrap_or("-"),
            site.https,
            site.certificate.as_deref().unwrap_or("-"),
            site.file
        )
    }

    #[test]
    fn debians_layout() {
        assert_eq!(
            of(
                "LoadModule ssl_module /m/mod_ssl.so\nInclude ports.conf\nDefine base /srv\n\
                 Alias /icons/ \"/usr/share/icons/\"\nIncludeOptional sites-enabled/*.conf\n",
                &[
                    (
                        "/etc/apache2/ports.conf",
                        "Listen 80\n<IfModule ssl_module>\nListen 443\n</IfModule>\n\
                         <IfModule mod_gnutls.c>\nListen 444\n</IfModule>"
                    ),
                    (
                        "/etc/apache2/sites-enabled/a.conf",
                        "<IfModule mod_ssl.c>\n<VirtualHost _default_:443>\nServerName https://a.example:443\n\
                         ServerAlias www.a.example b.example\nDocumentRoot ${base}/a\nSSLEngine on\n\
                         SSLCertificateFile certs/a.pem\n<Directory /srv>\nDocumentRoot /no\n</Directory>\n\
                         <Location /app>\nProxyPass http://127.0.0.1:9000/\n</Location>\n</VirtualHost>\n</IfModule>"
                    ),
                ]
            ),
            [
                "a.example [b.example,www.a.example] 0.0.0.0:443 /app - http://127.0.0.1:9000/ true /etc/apache2/certs/a.pem /etc/apache2/sites-enabled/a.conf",
                "a.example [b.example,www.a.example] 0.0.0.0:443 /icons/ /usr/share/icons/ - true /etc/apache2/certs/a.pem /etc/apache2/sites-enabled/a.conf",
                "a.example [b.example,www.a.example] 0.0.0.0:443 / /srv/a - true /etc/apache2/certs/a.pem /etc/apache2/sites-enabled/a.conf",
                "_ [] 0.0.0.0:80 /icons/ /usr/share/icons/ - false - /etc/apache2/apache2.conf",
                "_ [] 0.0.0.0:80 / - - false - /etc/apache2/apache2.conf",
            ]
        );
    }

    #[test]
    fn conditions_and_addresses() {
        assert_eq!(
            of(
                "Listen 127.0.0.1:8080\nListen [::1]:8080\nServerName main\nDocumentRoot /main\n\
                 <IfDefine PROD>\n<VirtualHost 127.0.0.1:8080>\nServerName p\nProxyPass / http://up/\n\
                 ProxyPass /no !\n</VirtualHost>\n</IfDefine>\n<IfDefine !PROD>\n<VirtualHost *>\n\
                 ServerName q\n</VirtualHost>\n</IfDefine>\n<VirtualHost *:99>\n</VirtualHost>",
                &[]
            ),
            [
                "p [] 127.0.0.1:8080 / - http://up/ false - /etc/apache2/apache2.conf",
                "main [] ::1:8080 / /main - false - /etc/apache2/apache2.conf",
            ]
        );
    }
}
