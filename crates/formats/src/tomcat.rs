//! Tomcat's `server.xml` and context files: connectors, virtual hosts, applications.
//!
//! Elements and attributes as Tomcat's configuration reference has them. External entities are never
//! read. `${name}` is replaced by what the caller knows (system properties, `catalina.properties`).

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;
/// Most elements of a file.
const MAX_ELEMENTS: usize = 100_000;

/// One `Service`: what answers on its connectors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// HTTP connectors; AJP ones serve no browser.
    pub connectors: Vec<Connector>,
    /// The host that answers for unknown names.
    pub default_host: String,
    /// Virtual hosts.
    pub hosts: Vec<Host>,
}

/// Where requests come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connector {
    /// Port.
    pub port: u16,
    /// Address; empty for all.
    pub address: String,
    /// Speaks TLS.
    pub tls: bool,
    /// PEM certificate, as written.
    pub certificate: Option<String>,
    /// Key store with the certificate, as written.
    pub keystore: Option<String>,
}

/// A virtual host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Directory of its applications, as written; Tomcat's default is `webapps`.
    pub app_base: String,
    /// Applications that `server.xml` names.
    pub contexts: Vec<Context>,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// URL path; `None` where the name of the context file tells it.
    pub path: Option<String>,
    /// Directory or archive, as written.
    pub doc_base: Option<String>,
}

/// Reads `server.xml`. A broken file gives what stands before the fault. `known` names the value of a
/// property; what it does not know stays as written.
pub fn services(text: &str, known: &dyn Fn(&str) -> Option<String>) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    let mut in_alias = false;
    walk(text, &mut |node| {
        let element = match node {
            Node::Element(element) => element,
            Node::Text(text) => {
                let host = services.last_mut().and_then(|service| service.hosts.last_mut());
                if let (true, Some(host)) = (in_alias, host) {
                    host.aliases.push(resolve(text.trim(), known));
                }
                return;
            }
        };
        in_alias = element.name().as_ref() == "Alias";
        let get = |name: &str| attribute(element, name).map(|value| resolve(&value, known));
        if element.name().as_ref() == "Service" {
            services.push(Service::default());
        }
        let Some(service) = services.last_mut() else { return };
        match element.name().as_ref() {
            "Connector" => {
                let ajp =
                    get("protocol").is_some_and(|protocol| protocol.to_lowercase().contains("ajp"));
                let port = get("port").and_then(|port| port.trim().parse().ok());
                if let (false, Some(port @ 1..)) = (ajp, port) {
                    service.connectors.push(Connector {
                        port,
                        address: get("address").unwrap_or_default(),
                        tls: get("SSLEnabled").is_some_and(|on| on.eq_ignore_ascii_case("true")),
                        certificate: get("SSLCertificateFile"),
                        keystore: get("keystoreFile"),
                    });
                }
            }
            "Certificate" => {
                if let Some(connector) = service.connectors.last_mut() {
                    connector.certificate = connector.certificate.take().or(get("certificateFile"));
                    connector.keystore =
                        connector.keystore.take().or(get("certificateKeystoreFile"));
                }
            }
            "Engine" => service.default_host = get("defaultHost").unwrap_or_default(),
            "Host" => service.hosts.push(Host {
                name: get("name").unwrap_or_default(),
                app_base: get("appBase").unwrap_or_else(|| "webapps".to_owned()),
                ..Host::default()
            }),
            "Context" => {
                if let Some(host) = service.hosts.last_mut() {
                    host.contexts.push(Context {
                        path: Some(get("path").unwrap_or_default()),
                        doc_base: get("docBase"),
                    });
                }
            }
            _ => {}
        }
    });
    services
}

/// Reads a context file (`conf/Catalina/localhost/app.xml`): its application, `None` if it has none.
pub fn context(text: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<Context> {
    let mut found = None;
    walk(text, &mut |node| {
        if let Node::Element(element) = node
            && element.name().as_ref() == "Context"
            && found.is_none()
        {
            let doc_base = attribute(element, "docBase").map(|value| resolve(&value, known));
            found = Some(Context { path: None, doc_base });
        }
    });
    found
}

/// The URL path that the name of a context file, archive or directory stands for: `ROOT` is the root,
/// `#` a slash, and `##` begins a version.
pub fn path_of(base_name: &str) -> String {
    let name = base_name.split("##").next().unwrap_or_default();
    if name == "ROOT" || name.is_empty() {
        return "/".to_owned();
    }
    format!("/{}", name.replace('#', "/"))
}

enum Node<'a> {
    Element(&'a BytesStart<'a>),
    Text(&'a str),
}

fn walk(text: &str, visit: &mut dyn FnMut(Node<'_>)) {
    let mut reader = Reader::from_str(text);
    let mut depth = 0usize;
    for _ in 0..MAX_ELEMENTS {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                depth += 1;
                visit(Node::Element(&element));
            }
            Ok(Event::Empty(element)) => visit(Node::Element(&element)),
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Text(text)) => {
                if !text.as_ref().trim().is_empty() {
                    visit(Node::Text(text.as_ref()));
                }
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
        if depth > MAX_DEPTH {
            return;
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// Replaces `${name}` and `${name:-default}`; values are not looked into again, so that this ends.
fn resolve(text: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        let (key, default) = match name.split_once(":-") {
            Some((key, default)) => (key, Some(default.to_owned())),
            None => (name, None),
        };
        match known(key).or(default) {
            Some(value) => out.push_str(&value),
            None => {
                out.push_str("${");
                out.push_str(name);
                out.push('}');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SERVER: &str = r#"<?xml version="1.0"?>
        <!DOCTYPE Server [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
        <Server port="8005"><!-- <Connector port="1"/> -->
        <Service name="Catalina">
          <Connector port="${http.port}" address="127.0.0.1"/>
          <Connector port="8443" SSLEnabled="true"><SSLHostConfig>
            <Certificate certificateFile="conf/a.pem" certificateKeystoreFile="k.p12"/></SSLHostConfig></Connector>
          <Connector port="8009" protocol="AJP/1.3"/>
          <Connector port="${unknown}"/>
          <Engine defaultHost="localhost">
            <Host name="localhost" appBase="${base:-webapps}"><Alias>www.a.example</Alias>
              <Context path="/shop" docBase="/srv/shop.war"/><Valve/></Host>
            <Host name="&secret;"/>
          </Engine></Service></Server>"#;

    #[test]
    fn connectors_hosts_and_contexts() {
        let known = |name: &str| (name == "http.port").then(|| "8080".to_owned());
        let services = services(SERVER, &known);
        assert_eq!(services.len(), 1);
        let service = &services[0];
        let ports: Vec<_> = service.connectors.iter().map(|c| (c.port, c.tls)).collect();
        assert_eq!(ports, [(8080, false), (8443, true)]);
        assert_eq!(service.connectors[0].address, "127.0.0.1");
        assert_eq!(service.connectors[1].certificate.as_deref(), Some("conf/a.pem"));
        assert_eq!(service.connectors[1].keystore.as_deref(), Some("k.p12"));
        assert_eq!(service.default_host, "localhost");
        assert_eq!(service.hosts[0].app_base, "webapps");
        assert_eq!(service.hosts[0].aliases, ["www.a.example"]);
        assert_eq!(service.hosts[0].contexts[0].path.as_deref(), Some("/shop"));
        assert_eq!(service.hosts[1].name, "", "no entity is ever resolved");
    }

    #[test]
    fn context_files_and_their_names() {
        let context = context("<Context docBase=\"/usr/share/x.war\"/>", &|_| None).unwrap();
        assert_eq!(context.doc_base.as_deref(), Some("/usr/share/x.war"));
        assert_eq!(path_of("ROOT"), "/");
        assert_eq!(path_of("a#b##2"), "/a/b");
    }

    #[test]
    fn deep_nesting_ends() {
        assert_eq!(services(&"<Service>".repeat(10_000), &|_| None).len(), MAX_DEPTH + 1);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(
            text in "(<|</|/>|>|Service|Host|Connector|Alias| port=|\"1\"|\\$\\{|\\}|:-|[a-z&;!\\[\\]-]){0,120}"
        ) {
            services(&text, &|_| None);
            context(&text, &|_| None);
        }
    }
}
