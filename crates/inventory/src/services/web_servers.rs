//! The web servers.
//!
//! Program names, places and the texts around versions are those of the makers' own packages and
//! archives and of Debian's and Red Hat's packages.

use super::rule::At::{Built, Flag, FlagDir, Home, Positional, Property, Usual};
use super::rule::Mark::{Embedded, Jar, Main, Program, Python, Runs};
use super::rule::Source::{File, Go, JarName, Manifest};
use super::rule::{At, Dialect, Rule, Source};
use muster_formats::version_strings::Probe;
use muster_model::Kind::WebService;

/// All of them; a strict rule stands before the one it shares its marks with.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        strict: true,
        marks: &[Program("nginx"), Program("openresty")],
        programs: &["/usr/local/openresty/nginx/sbin/nginx", "/usr/bin/openresty"],
        marker: "nginx/sbin/nginx",
        version: &[Source::Program(&[Probe::version("nginx version: openresty/")])],
        config: NGINX_CONFIG,
        sites: Some(Dialect::Nginx),
        ..Rule::of(WebService, "OpenResty")
    },
    Rule {
        strict: true,
        marks: &[Program("nginx"), Program("tengine")],
        programs: &["/usr/local/nginx/sbin/nginx", "/usr/local/tengine/sbin/nginx"],
        marker: "sbin/nginx",
        version: &[Source::Program(&[
            Probe::version("Tengine version: Tengine/"),
            Probe::version("Tengine/"),
        ])],
        config: NGINX_CONFIG,
        sites: Some(Dialect::Nginx),
        ..Rule::of(WebService, "Tengine")
    },
    Rule {
        marks: &[Program("nginx"), Program("nginx-debug")],
        programs: &["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"],
        marker: "sbin/nginx",
        version: &[Source::Program(&[
            Probe::version("nginx version: nginx/"),
            Probe::version("nginx/"),
        ])],
        config: NGINX_CONFIG,
        sites: Some(Dialect::Nginx),
        ..Rule::of(WebService, "nginx")
    },
    Rule {
        marks: &[
            Program("apache2"),
            Program("httpd"),
            Program("httpd-prefork"),
            Program("httpd.worker"),
        ],
        programs: &["/usr/sbin/apache2", "/usr/sbin/httpd", "/usr/local/apache2/bin/httpd"],
        marker: "bin/httpd",
        version: &[Source::Program(&[Probe::version("Apache/")])],
        config: &[
            Flag("-f"),
            FlagDir("-d", "conf/httpd.conf"),
            Usual("/etc/apache2/apache2.conf"),
            Usual("/etc/httpd/conf/httpd.conf"),
            Usual("/etc/apache2/httpd.conf"),
            Home("conf/httpd.conf"),
        ],
        sites: Some(Dialect::Apache),
        ..Rule::of(WebService, "Apache")
    },
    Rule {
        marks: &[Main("org.apache.catalina.startup.Bootstrap"), Embedded("tomcat-embed-core")],
        home: &["catalina.home"],
        marker: "lib/catalina.jar",
        homes: &["/usr/share/tomcat*", "/var/lib/tomcat*/server"],
        version: &[
            Manifest("lib/catalina.jar"),
            File("RELEASE-NOTES", Probe::version("Apache Tomcat Version ")),
        ],
        config: &[
            Property("catalina.base", "conf/server.xml"),
            Home("conf/server.xml"),
            Usual("/etc/tomcat*/server.xml"),
        ],
        sites: Some(Dialect::Tomcat),
        ..Rule::of(WebService, "Tomcat")
    },
    Rule {
        marks: &[
            Main("org.eclipse.jetty.start.Main"),
            Main("org.eclipse.jetty.xml.XmlConfiguration"),
            Jar("start"),
            Embedded("jetty-server"),
        ],
        home: &["jetty.home"],
        marker: "lib/jetty-server-*.jar",
        homes: &["/usr/share/jetty*"],
        version: &[JarName("lib", "jetty-server")],
        config: &[
            Property("jetty.base", "start.ini"),
            Home("start.ini"),
            Home("etc/jetty.xml"),
            Usual("/etc/jetty*/start.ini"),
        ],
        ..Rule::of(WebService, "Jetty")
    },
    Rule { marks: &[Embedded("undertow-core")], ..Rule::of(WebService, "Undertow") },
    Rule {
        strict: true,
        marks: &[Jar("jboss-modules")],
        home: &["jboss.home.dir"],
        marker: "jboss-modules.jar",
        homes: &["/opt/rh/eap*/root/usr/share/wildfly"],
        version: &[
            File("version.txt", Probe::word("JBoss Enterprise Application Platform - Version ")),
            File("version.txt", Probe::word("JBoss EAP - Version ")),
        ],
        config: JBOSS_CONFIG,
        ..Rule::of(WebService, "JBoss")
    },
    Rule {
        // Up to version 6 of the community's server and 5 of the enterprise platform.
        marks: &[Jar("run"), Main("org.jboss.Main")],
        strict: true,
        home: &["jboss.home.dir"],
        marker: "bin/run.jar",
        homes: &["/usr/share/jbossas"],
        version: &[Manifest("lib/jboss-system.jar"), Manifest("bin/run.jar")],
        config: JBOSS_CONFIG,
        ..Rule::of(WebService, "JBoss")
    },
    Rule {
        marks: &[Jar("jboss-modules")],
        home: &["jboss.home.dir"],
        marker: "jboss-modules.jar",
        version: &[
            File("version.txt", Probe::version("WildFly Full ")),
            File("version.txt", Probe::version("WildFly Preview ")),
            File("version.txt", Probe::version("WildFly ")),
            JarName("modules/system/layers/base/org/jboss/as/server/main", "wildfly-server"),
        ],
        config: JBOSS_CONFIG,
        ..Rule::of(WebService, "WildFly")
    },
    Rule {
        marks: &[Main("weblogic.Server")],
        home: &["weblogic.home", "wls.home"],
        marker: "server/lib/weblogic.jar",
        homes: &[
            "/u01/oracle/wlserver",
            "/*/Oracle/Middleware/*/wlserver",
            "/opt/oracle/*/wlserver",
        ],
        version: &[
            Manifest("lib/weblogic.jar"),
            Manifest("server/lib/weblogic.jar"),
            File(
                "../inventory/registry.xml",
                Probe::version("name=\"WebLogic Server\" version=\""),
            ),
        ],
        config: &[
            Property("weblogic.RootDirectory", "config/config.xml"),
            Property("domain.home", "config/config.xml"),
        ],
        ..Rule::of(WebService, "WebLogic")
    },
    Rule {
        marks: &[
            Main("com.ibm.wsspi.bootstrap.WSPreLauncher"),
            Main("com.ibm.ws.bootstrap.WSLauncher"),
        ],
        home: &["was.install.root"],
        marker: "properties/version/WAS.product",
        homes: &["/opt/IBM/WebSphere/*"],
        version: &[File("properties/version/WAS.product", Probe::version("<version>"))],
        config: &[Property("user.install.root", "config/cells")],
        ..Rule::of(WebService, "WebSphere")
    },
    Rule {
        marks: &[Jar("ws-server")],
        home: &["wlp.install.dir"],
        marker: "bin/tools/ws-server.jar",
        homes: &["/opt/IBM/wlp", "/opt/ibm/wlp", "/opt/ol/wlp"],
        version: &[
            File(
                "lib/versions/WebSphereApplicationServer.properties",
                Probe::version("com.ibm.websphere.productVersion="),
            ),
            File(
                "lib/versions/openliberty.properties",
                Probe::version("com.ibm.websphere.productVersion="),
            ),
        ],
        config: &[Home("usr/servers/defaultServer/server.xml")],
        ..Rule::of(WebService, "WebSphere Liberty")
    },
    Rule {
        marks: &[Program("caddy")],
        programs: &["/usr/bin/caddy", "/usr/local/bin/caddy"],
        marker: "caddy",
        version: &[Go("github.com/caddyserver/caddy")],
        config: &[Flag("--config"), Flag("-config"), Flag("-c"), Usual("/etc/caddy/Caddyfile")],
        sites: Some(Dialect::Caddy),
        ..Rule::of(WebService, "Caddy")
    },
    Rule {
        marks: &[Program("lighttpd")],
        programs: &["/usr/sbin/lighttpd", "/usr/local/sbin/lighttpd"],
        marker: "sbin/lighttpd",
        version: &[Source::Program(&[Probe::version("lighttpd/")])],
        config: &[Flag("-f"), Usual("/etc/lighttpd/lighttpd.conf")],
        ..Rule::of(WebService, "lighttpd")
    },
    Rule {
        marks: &[Program("haproxy")],
        programs: &["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"],
        marker: "sbin/haproxy",
        version: &[Source::Program(&[
            Probe::version("\0 version "),
            Probe::version("HA-Proxy version "),
            Probe::version("HAProxy version "),
        ])],
        config: &[Flag("-f"), Usual("/etc/haproxy/haproxy.cfg")],
        ..Rule::of(WebService, "HAProxy")
    },
    Rule {
        marks: &[Program("traefik")],
        programs: &["/usr/bin/traefik", "/usr/local/bin/traefik"],
        marker: "traefik",
        version: &[
            Go("github.com/traefik/traefik"),
            Go("github.com/containous/traefik"),
            Source::Program(&[
                Probe::version("traefik/v3/pkg/version.Version="),
                Probe::version("pkg/version.Version="),
            ]),
        ],
        config: &[
            Flag("--configFile"),
            Flag("--configfile"),
            Usual("/etc/traefik/traefik.yml"),
            Usual("/etc/traefik/traefik.yaml"),
            Usual("/etc/traefik/traefik.toml"),
        ],
        ..Rule::of(WebService, "Traefik")
    },
    Rule {
        marks: &[Program("envoy"), Program("envoy-static")],
        programs: &["/usr/bin/envoy", "/usr/local/bin/envoy"],
        marker: "bin/envoy",
        version: &[Source::Program(&[
            Probe::between("/", "/Clean/RELEASE/"),
            Probe::between("/", "/Modified/RELEASE/"),
            Probe::between("", "/Clean/RELEASE"),
        ])],
        config: &[Flag("-c"), Flag("--config-path"), Usual("/etc/envoy/envoy.yaml")],
        ..Rule::of(WebService, "Envoy")
    },
    Rule {
        marks: &[Program("uwsgi"), Program("uwsgi-core"), Program("uwsgi_python3")],
        programs: &["/usr/bin/uwsgi", "/usr/bin/uwsgi-core", "/usr/local/bin/uwsgi"],
        marker: "bin/uwsgi",
        version: &[Source::Python("uwsgi"), Source::Program(&[Probe::between("\0", "-debian\0")])],
        config: &[Flag("--ini"), Flag("--yaml"), Flag("--json"), Flag("--xml"), Positional],
        ..Rule::of(WebService, "uWSGI")
    },
    Rule {
        marks: &[Python("gunicorn"), Python("gunicorn3")],
        programs: &["/usr/bin/gunicorn", "/usr/local/bin/gunicorn"],
        marker: "bin/gunicorn",
        version: &[Source::Python("gunicorn")],
        config: &[Flag("-c"), Flag("--config")],
        ..Rule::of(WebService, "gunicorn")
    },
    Rule {
        marks: &[Runs("node"), Runs("nodejs")],
        version: &[Source::Program(&[
            Probe::version("node.js/v"),
            Probe::between("node/v", "/"),
            Probe::between("/node-v", "/"),
            Probe::version("node v"),
        ])],
        ..Rule::of(WebService, "Node.js")
    },
];

const NGINX_CONFIG: &[At] = &[
    Flag("-c"),
    FlagDir("-p", "conf/nginx.conf"),
    Built(Probe::word("--conf-path=")),
    Home("conf/nginx.conf"),
    Usual("/etc/nginx/nginx.conf"),
];

const JBOSS_CONFIG: &[At] = &[
    Property("jboss.server.config.dir", "standalone.xml"),
    Property("jboss.server.base.dir", "configuration/standalone.xml"),
    Home("standalone/configuration/standalone.xml"),
    Home("server/default/conf/jboss-service.xml"),
];
