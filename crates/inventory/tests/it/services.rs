//! A fixture for every rule on a database or web server: running, and merely installed.

use crate::middleware::{pack, process};
use crate::world::World;
use muster_model::{Column, Kind};
use zip::CompressionMethod::Deflated;

struct Case {
    name: &'static str,
    exe: &'static str,
    args: &'static [&'static str],
    /// Content of the executable and of other files; that of a jar is the version in its manifest.
    files: &'static [(&'static str, &'static str)],
    version: &'static str,
    home: &'static str,
    config: &'static str,
    /// The configuration without a process; nothing for what is only found running.
    at_rest: Option<&'static str>,
}

const JAVA: &str = "/usr/lib/jvm/bin/java";

const DATABASES: &[Case] = &[
    Case {
        name: "MySQL",
        exe: "/usr/sbin/mysqld",
        args: &["/usr/sbin/mysqld", "--defaults-file=/srv/my.cnf"],
        files: &[
            ("/usr/sbin/mysqld", "\0/build/mysql-8.0.36/sql/mysqld.cc\0"),
            ("/etc/mysql/my.cnf", ""),
        ],
        version: "8.0.36",
        home: "/usr/sbin/mysqld",
        config: "/srv/my.cnf",
        at_rest: Some("/etc/mysql/my.cnf"),
    },
    Case {
        name: "MariaDB",
        exe: "/usr/libexec/mysqld",
        args: &["/usr/libexec/mysqld", "--basedir=/usr"],
        files: &[("/usr/libexec/mysqld", "\x0010.3.39-MariaDB\0"), ("/etc/my.cnf", "")],
        version: "10.3.39",
        home: "/usr/libexec/mysqld",
        config: "/etc/my.cnf",
        at_rest: Some("/etc/my.cnf"),
    },
    Case {
        name: "PostgreSQL",
        exe: "/usr/pgsql-16/bin/postgres",
        args: &["/usr/pgsql-16/bin/postgres", "-D", "/var/lib/pgsql/16/data"],
        files: &[
            ("/usr/pgsql-16/bin/postgres", "\0PostgreSQL\0postgres (PostgreSQL) 16.4\0"),
            ("/var/lib/pgsql/16/data/postgresql.conf", ""),
        ],
        version: "16.4",
        home: "/usr/pgsql-16",
        config: "/var/lib/pgsql/16/data/postgresql.conf",
        at_rest: Some("/var/lib/pgsql/16/data/postgresql.conf"),
    },
    Case {
        name: "Redis",
        exe: "/usr/local/bin/redis-server",
        args: &["/usr/local/bin/redis-server", "/srv/redis.conf"],
        files: &[("/usr/local/bin/redis-server", "\x007.2.4\0c11-builtin\0")],
        version: "7.2.4",
        home: "/usr/local/bin/redis-server",
        config: "/srv/redis.conf",
        at_rest: Some(""),
    },
    Case {
        name: "Valkey",
        exe: "/usr/bin/valkey-server",
        args: &["/usr/bin/valkey-server *:6379"],
        files: &[
            ("/usr/bin/valkey-server", "\x008.0.1\0c11-builtin\0"),
            ("/etc/valkey/valkey.conf", ""),
        ],
        version: "8.0.1",
        home: "/usr/bin/valkey-server",
        config: "/etc/valkey/valkey.conf",
        at_rest: Some("/etc/valkey/valkey.conf"),
    },
    Case {
        name: "MongoDB",
        exe: "/opt/mongodb-linux-x86_64-rhel80-6.0.5/bin/mongod",
        args: &["mongod", "-f", "/etc/mongod.conf"],
        files: &[("/opt/mongodb-linux-x86_64-rhel80-6.0.5/bin/mongod", "{\"version\": \"6.0.5\"}")],
        version: "6.0.5",
        home: "/opt/mongodb-linux-x86_64-rhel80-6.0.5",
        config: "/etc/mongod.conf",
        at_rest: Some(""),
    },
    Case {
        name: "Memcached",
        exe: "/usr/bin/memcached",
        args: &["/usr/bin/memcached", "-m", "64"],
        files: &[("/usr/bin/memcached", "\0memcached 1.6.18\0"), ("/etc/memcached.conf", "")],
        version: "1.6.18",
        home: "/usr/bin/memcached",
        config: "/etc/memcached.conf",
        at_rest: Some("/etc/memcached.conf"),
    },
    Case {
        name: "Elasticsearch",
        exe: JAVA,
        args: &[
            "/usr/share/elasticsearch/jdk/bin/java",
            "-Des.path.home=/usr/share/elasticsearch",
            "-Des.path.conf=/etc/elasticsearch",
            "--module-path",
            "/usr/share/elasticsearch/lib",
            "-m",
            "org.elasticsearch.server/org.elasticsearch.bootstrap.Elasticsearch",
        ],
        files: &[
            ("/usr/share/elasticsearch/lib/elasticsearch-8.11.3.jar", "8.11.3"),
            ("/etc/elasticsearch/elasticsearch.yml", ""),
        ],
        version: "8.11.3",
        home: "/usr/share/elasticsearch",
        config: "/etc/elasticsearch/elasticsearch.yml",
        at_rest: Some("/etc/elasticsearch/elasticsearch.yml"),
    },
    Case {
        name: "OpenSearch",
        exe: JAVA,
        args: &[
            "java",
            "-Dopensearch.path.home=/opt/opensearch",
            "-Dopensearch.path.conf=/opt/opensearch/config",
            "org.opensearch.bootstrap.OpenSearch",
        ],
        files: &[
            ("/opt/opensearch/lib/opensearch-2.12.0.jar", ""),
            ("/opt/opensearch/config/opensearch.yml", ""),
        ],
        version: "2.12.0",
        home: "/opt/opensearch",
        config: "/opt/opensearch/config/opensearch.yml",
        at_rest: Some("/opt/opensearch/config/opensearch.yml"),
    },
    Case {
        name: "ClickHouse",
        exe: "/usr/bin/clickhouse",
        args: &["/usr/bin/clickhouse-server", "--config=/etc/clickhouse-server/config.xml"],
        files: &[(
            "/usr/bin/clickhouse",
            "\0ClickHouse server version 24.3.2.23 (official build).\0",
        )],
        version: "24.3.2.23",
        home: "/usr/bin/clickhouse",
        config: "/etc/clickhouse-server/config.xml",
        at_rest: Some(""),
    },
    Case {
        name: "Cassandra",
        exe: JAVA,
        args: &[
            "java",
            "-cp",
            "/opt/cassandra/conf:/opt/cassandra/lib/apache-cassandra-4.1.3.jar",
            "org.apache.cassandra.service.CassandraDaemon",
        ],
        files: &[
            ("/opt/cassandra/lib/apache-cassandra-4.1.3.jar", ""),
            ("/opt/cassandra/conf/cassandra.yaml", ""),
        ],
        version: "4.1.3",
        home: "/opt/cassandra",
        config: "/opt/cassandra/conf/cassandra.yaml",
        at_rest: Some("/opt/cassandra/conf/cassandra.yaml"),
    },
    Case {
        name: "Cassandra",
        exe: JAVA,
        args: &[
            "java",
            "-Dcassandra.config=file:///srv/cassandra.yaml",
            "-cp",
            "/etc/cassandra:/usr/share/cassandra/lib/asm-9.1.jar:/usr/share/cassandra/apache-cassandra-4.0.11.jar",
            "org.apache.cassandra.service.CassandraDaemon",
        ],
        files: &[
            ("/usr/share/cassandra/apache-cassandra-4.0.11.jar", ""),
            ("/etc/cassandra/cassandra.yaml", ""),
        ],
        version: "4.0.11",
        home: "/usr/share/cassandra",
        config: "/srv/cassandra.yaml",
        at_rest: Some("/etc/cassandra/cassandra.yaml"),
    },
    Case {
        name: "InfluxDB",
        exe: "/usr/bin/influxd",
        args: &["/usr/bin/influxd", "-config", "/etc/influxdb/influxdb.conf"],
        files: &[("/usr/bin/influxd", " -ldflags=\"-X main.version=1.8.10 -X main.branch=1.8\"")],
        version: "1.8.10",
        home: "/usr/bin/influxd",
        config: "/etc/influxdb/influxdb.conf",
        at_rest: Some(""),
    },
    Case {
        name: "etcd",
        exe: "/opt/etcd-v3.5.9-linux-amd64/etcd",
        args: &["./etcd", "--config-file", "conf.yml"],
        files: &[("/opt/etcd-v3.5.9-linux-amd64/etcd", "")],
        version: "3.5.9",
        home: "/opt/etcd-v3.5.9-linux-amd64",
        config: "/srv/conf.yml",
        at_rest: Some(""),
    },
    Case {
        name: "Oracle",
        exe: "/u01/app/oracle/product/19.0.0/dbhome_1/bin/oracle",
        args: &["ora_pmon_ORCL"],
        files: &[
            ("/u01/app/oracle/product/19.0.0/dbhome_1/bin/oracle", ""),
            (
                "/u01/app/oracle/product/19.0.0/dbhome_1/inventory/ContentsXML/comps.xml",
                "<COMP NAME=\"oracle.server\" VER=\"19.3.0.0.0\" BUILD_NUMBER=\"0\">",
            ),
            ("/u01/app/oracle/product/19.0.0/dbhome_1/network/admin/listener.ora", ""),
        ],
        version: "19.3.0.0.0",
        home: "/u01/app/oracle/product/19.0.0/dbhome_1",
        config: "/u01/app/oracle/product/19.0.0/dbhome_1/network/admin/listener.ora",
        at_rest: Some("/u01/app/oracle/product/19.0.0/dbhome_1/network/admin/listener.ora"),
    },
    Case {
        name: "DB2",
        exe: "/opt/ibm/db2/V11.5/adm/db2sysc",
        args: &["db2sysc 0"],
        files: &[
            ("/opt/ibm/db2/V11.5/adm/db2sysc", "\0DB2 v11.5.8.0\0"),
            ("/home/db2inst1/sqllib/db2systm", ""),
        ],
        version: "11.5.8.0",
        home: "/opt/ibm/db2/V11.5",
        config: "/home/db2inst1/sqllib/db2systm",
        at_rest: Some("/home/db2inst1/sqllib/db2systm"),
    },
    Case {
        name: "openGauss",
        exe: "/usr/local/opengauss/bin/gaussdb",
        args: &["/usr/local/opengauss/bin/gaussdb", "-D", "/data/og"],
        files: &[
            (
                "/usr/local/opengauss/bin/gaussdb",
                "\0gaussdb (openGauss 5.0.1 build 33b035fd) compiled at\0",
            ),
            ("/data/og/postgresql.conf", ""),
        ],
        version: "5.0.1",
        home: "/usr/local/opengauss",
        config: "/data/og/postgresql.conf",
        at_rest: Some(""),
    },
    Case {
        name: "GaussDB",
        exe: "/opt/gauss/bin/gaussdb",
        args: &["gaussdb", "-D", "/data/og"],
        files: &[("/opt/gauss/bin/gaussdb", "\0gaussdb (GaussDB Kernel 505.1.0 build x)\0")],
        version: "505.1.0",
        home: "/opt/gauss",
        config: "",
        at_rest: Some(""),
    },
    Case {
        name: "Dameng",
        exe: "/home/dmdba/dmdbms/bin/dmserver",
        args: &["/home/dmdba/dmdbms/bin/dmserver", "/dm/data/DAMENG/dm.ini", "-noconsole"],
        files: &[
            ("/home/dmdba/dmdbms/bin/dmserver", "\0DM Database Server 64 V8\0"),
            ("/home/dmdba/dmdbms/data/DAMENG/dm.ini", ""),
        ],
        version: "8",
        home: "/home/dmdba/dmdbms",
        config: "/dm/data/DAMENG/dm.ini",
        at_rest: Some("/home/dmdba/dmdbms/data/DAMENG/dm.ini"),
    },
    Case {
        name: "Kingbase",
        exe: "/opt/Kingbase/ES/V8/Server/bin/kingbase",
        args: &["/opt/Kingbase/ES/V8/Server/bin/kingbase", "-D", "/data/kb"],
        files: &[
            (
                "/opt/Kingbase/ES/V8/Server/bin/kingbase",
                "\0kingbase (KingbaseES) V008R006C005B0054\0",
            ),
            ("/data/kb/kingbase.conf", ""),
        ],
        version: "V008R006C005B0054",
        home: "/opt/Kingbase/ES/V8/Server",
        config: "/data/kb/kingbase.conf",
        at_rest: Some(""),
    },
    Case {
        name: "TiDB",
        exe: "/tidb-deploy/tidb-4000/bin/tidb-server",
        args: &["bin/tidb-server", "--config=conf/tidb.toml"],
        files: &[
            (
                "/tidb-deploy/tidb-4000/bin/tidb-server",
                "-X \"github.com/pingcap/tidb/parser/mysql.TiDBReleaseVersion=v7.5.1\"",
            ),
            ("/tidb-deploy/tidb-4000/conf/tidb.toml", ""),
        ],
        version: "7.5.1",
        home: "/tidb-deploy/tidb-4000",
        config: "/srv/conf/tidb.toml",
        at_rest: Some("/tidb-deploy/tidb-4000/conf/tidb.toml"),
    },
];

const WEB_SERVERS: &[Case] = &[
    Case {
        name: "nginx",
        exe: "/usr/local/nginx/sbin/nginx",
        args: &["nginx: master process /usr/local/nginx/sbin/nginx -c /srv/n.conf"],
        files: &[
            ("/usr/local/nginx/sbin/nginx", "\0nginx version: nginx/1.25.4\0"),
            ("/usr/local/nginx/conf/nginx.conf", ""),
        ],
        version: "1.25.4",
        home: "/usr/local/nginx",
        config: "/srv/n.conf",
        at_rest: Some("/usr/local/nginx/conf/nginx.conf"),
    },
    Case {
        name: "OpenResty",
        exe: "/usr/local/openresty/nginx/sbin/nginx",
        args: &["nginx: master process openresty"],
        files: &[
            (
                "/usr/local/openresty/nginx/sbin/nginx",
                "\0nginx version: openresty/1.21.4.1\0nginx/1.21.4\0 --conf-path=/srv/or.conf --x\0",
            ),
            ("/srv/or.conf", ""),
        ],
        version: "1.21.4.1",
        home: "/usr/local/openresty/nginx",
        config: "/srv/or.conf",
        at_rest: Some("/srv/or.conf"),
    },
    Case {
        name: "Tengine",
        exe: "/opt/tengine/sbin/nginx",
        args: &["nginx: master process sbin/nginx", "", ""],
        files: &[
            ("/opt/tengine/sbin/nginx", "\0Tengine version: Tengine/3.1.0\0nginx/1.24.0\0"),
            ("/opt/tengine/conf/nginx.conf", ""),
        ],
        version: "3.1.0",
        home: "/opt/tengine",
        config: "/opt/tengine/conf/nginx.conf",
        at_rest: Some("/opt/tengine/conf/nginx.conf"),
    },
    Case {
        name: "Apache",
        exe: "/usr/sbin/httpd",
        args: &["/usr/sbin/httpd", "-DFOREGROUND"],
        files: &[
            ("/usr/sbin/httpd", "\0Apache/2\0Apache/2.4.57 (Red Hat Enterprise Linux)\0"),
            ("/etc/httpd/conf/httpd.conf", ""),
        ],
        version: "2.4.57",
        home: "/usr/sbin/httpd",
        config: "/etc/httpd/conf/httpd.conf",
        at_rest: Some("/etc/httpd/conf/httpd.conf"),
    },
    Case {
        name: "Tomcat",
        exe: JAVA,
        args: &[
            "java",
            "-Dcatalina.base=/srv/base",
            "-Dcatalina.home=/opt/apache-tomcat-9.0.85",
            "org.apache.catalina.startup.Bootstrap",
            "start",
        ],
        files: &[
            ("/opt/apache-tomcat-9.0.85/lib/catalina.jar", "9.0.85"),
            ("/opt/apache-tomcat-9.0.85/conf/server.xml", ""),
            ("/srv/base/conf/server.xml", ""),
        ],
        version: "9.0.85",
        home: "/opt/apache-tomcat-9.0.85",
        config: "/srv/base/conf/server.xml",
        at_rest: Some("/opt/apache-tomcat-9.0.85/conf/server.xml"),
    },
    Case {
        name: "Jetty",
        exe: JAVA,
        args: &["java", "-Djetty.base=/srv/jb", "-jar", "/opt/jetty-home/start.jar"],
        files: &[
            ("/opt/jetty-home/lib/jetty-server-11.0.20.jar", ""),
            ("/opt/jetty-home/start.jar", ""),
            ("/opt/jetty-home/etc/jetty.xml", ""),
            ("/srv/jb/start.ini", ""),
        ],
        version: "11.0.20",
        home: "/opt/jetty-home",
        config: "/srv/jb/start.ini",
        at_rest: Some("/opt/jetty-home/etc/jetty.xml"),
    },
    Case {
        name: "Undertow",
        exe: JAVA,
        args: &[
            "java",
            "-cp",
            "/srv/app/app.jar:/srv/app/undertow-core-2.3.10.Final.jar",
            "app.Main",
        ],
        files: &[("/srv/app/undertow-core-2.3.10.Final.jar", "")],
        version: "2.3.10.Final",
        home: "/srv/app/undertow-core-2.3.10.Final.jar",
        config: "",
        at_rest: None,
    },
    Case {
        name: "WildFly",
        exe: JAVA,
        args: &["java", "-Djboss.home.dir=/opt/wildfly", "-jar", "/opt/wildfly/jboss-modules.jar"],
        files: &[
            ("/opt/wildfly/jboss-modules.jar", ""),
            ("/opt/wildfly/version.txt", "WildFly Full 26.1.3.Final - WildFly Core 18\n"),
            ("/opt/wildfly/standalone/configuration/standalone.xml", ""),
        ],
        version: "26.1.3",
        home: "/opt/wildfly",
        config: "/opt/wildfly/standalone/configuration/standalone.xml",
        at_rest: Some("/opt/wildfly/standalone/configuration/standalone.xml"),
    },
    Case {
        name: "JBoss",
        exe: JAVA,
        args: &["java", "-Djboss.home.dir=/opt/eap", "-jar", "/opt/eap/jboss-modules.jar"],
        files: &[
            ("/opt/eap/jboss-modules.jar", ""),
            (
                "/opt/eap/version.txt",
                "Red Hat JBoss Enterprise Application Platform - Version 7.4.0.GA\n",
            ),
        ],
        version: "7.4.0.GA",
        home: "/opt/eap",
        config: "",
        at_rest: Some(""),
    },
    Case {
        name: "WebLogic",
        exe: JAVA,
        args: &[
            "java",
            "-Dweblogic.Name=AdminServer",
            "-Ddomain.home=/u01/domains/base",
            "-Dweblogic.home=/u01/oracle/wlserver/server",
            "weblogic.Server",
        ],
        files: &[
            ("/u01/oracle/wlserver/server/lib/weblogic.jar", "12.2.1.4.0"),
            ("/u01/domains/base/config/config.xml", ""),
        ],
        version: "12.2.1.4.0",
        home: "/u01/oracle/wlserver",
        config: "/u01/domains/base/config/config.xml",
        at_rest: Some(""),
    },
    Case {
        name: "WebSphere",
        exe: JAVA,
        args: &[
            "/opt/IBM/WebSphere/AppServer/java/bin/java",
            "-Dwas.install.root=/opt/IBM/WebSphere/AppServer",
            "-cp",
            "x",
            "com.ibm.wsspi.bootstrap.WSPreLauncher",
        ],
        files: &[(
            "/opt/IBM/WebSphere/AppServer/properties/version/WAS.product",
            "<product>\n <version>9.0.5.15</version>",
        )],
        version: "9.0.5.15",
        home: "/opt/IBM/WebSphere/AppServer",
        config: "",
        at_rest: Some(""),
    },
    Case {
        name: "WebSphere Liberty",
        exe: JAVA,
        args: &["java", "-jar", "/opt/ol/wlp/bin/tools/ws-server.jar", "defaultServer"],
        files: &[
            ("/opt/ol/wlp/bin/tools/ws-server.jar", ""),
            (
                "/opt/ol/wlp/lib/versions/openliberty.properties",
                "com.ibm.websphere.productVersion=23.0.0.12\n",
            ),
            ("/opt/ol/wlp/usr/servers/defaultServer/server.xml", ""),
        ],
        version: "23.0.0.12",
        home: "/opt/ol/wlp",
        config: "/opt/ol/wlp/usr/servers/defaultServer/server.xml",
        at_rest: Some("/opt/ol/wlp/usr/servers/defaultServer/server.xml"),
    },
    Case {
        name: "JBoss",
        exe: JAVA,
        args: &["java", "-cp", "/opt/jboss-as/bin/run.jar", "org.jboss.Main"],
        files: &[
            ("/opt/jboss-as/bin/run.jar", "5.1.0.GA"),
            ("/opt/jboss-as/server/default/conf/jboss-service.xml", ""),
        ],
        version: "5.1.0.GA",
        home: "/opt/jboss-as",
        config: "/opt/jboss-as/server/default/conf/jboss-service.xml",
        at_rest: Some("/opt/jboss-as/server/default/conf/jboss-service.xml"),
    },
    Case {
        name: "Caddy",
        exe: "/opt/caddy_2.7.6/caddy",
        args: &["caddy", "run", "--config", "Caddyfile"],
        files: &[("/opt/caddy_2.7.6/caddy", "")],
        version: "2.7.6",
        home: "/opt/caddy_2.7.6",
        config: "/srv/Caddyfile",
        at_rest: Some(""),
    },
    Case {
        name: "lighttpd",
        exe: "/usr/sbin/lighttpd",
        args: &["/usr/sbin/lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"],
        files: &[
            ("/usr/sbin/lighttpd", "\0lighttpd/1.4.69 (ssl)\0"),
            ("/etc/lighttpd/lighttpd.conf", ""),
        ],
        version: "1.4.69",
        home: "/usr/sbin/lighttpd",
        config: "/etc/lighttpd/lighttpd.conf",
        at_rest: Some("/etc/lighttpd/lighttpd.conf"),
    },
    Case {
        name: "HAProxy",
        exe: "/usr/sbin/haproxy",
        args: &["/usr/sbin/haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg"],
        files: &[("/usr/sbin/haproxy", "\0 version 2.8.5-1ubuntu3, released 2023/12/07\0")],
        version: "2.8.5",
        home: "/usr/sbin/haproxy",
        config: "/etc/haproxy/haproxy.cfg",
        at_rest: Some(""),
    },
    Case {
        name: "Traefik",
        exe: "/usr/local/bin/traefik",
        args: &["traefik", "--configFile=/etc/traefik/traefik.yml"],
        files: &[(
            "/usr/local/bin/traefik",
            "-X github.com/traefik/traefik/v3/pkg/version.Version=3.0.0-rc1 -X x",
        )],
        version: "3.0.0-rc1",
        home: "/usr/local/bin/traefik",
        config: "/etc/traefik/traefik.yml",
        at_rest: Some(""),
    },
    Case {
        name: "Envoy",
        exe: "/usr/local/bin/envoy",
        args: &["envoy", "-c", "/etc/envoy/envoy.yaml"],
        files: &[("/usr/local/bin/envoy", "\0b6d3d5a/1.29.1/Clean/RELEASE/BoringSSL\0")],
        version: "1.29.1",
        home: "/usr/local/bin/envoy",
        config: "/etc/envoy/envoy.yaml",
        at_rest: Some(""),
    },
    Case {
        name: "uWSGI",
        exe: "/usr/bin/uwsgi-core",
        args: &["/usr/bin/uwsgi-core", "--ini", "/etc/uwsgi/app.ini"],
        files: &[("/usr/bin/uwsgi-core", "\x002.0.21-debian\0")],
        version: "2.0.21",
        home: "/usr/bin/uwsgi-core",
        config: "/etc/uwsgi/app.ini",
        at_rest: Some(""),
    },
    Case {
        name: "gunicorn",
        exe: "/usr/bin/python3.11",
        args: &[
            "/srv/venv/bin/python",
            "/srv/venv/bin/gunicorn",
            "-c",
            "gunicorn.conf.py",
            "app:app",
        ],
        files: &[
            ("/srv/venv/bin/gunicorn", "#!/srv/venv/bin/python\n"),
            ("/srv/venv/lib/python3.11/site-packages/gunicorn-21.2.0.dist-info/METADATA", ""),
        ],
        version: "21.2.0",
        home: "/srv/venv",
        config: "/srv/gunicorn.conf.py",
        at_rest: Some(""),
    },
    Case {
        name: "Node.js",
        exe: "/usr/bin/node",
        args: &["node", "--inspect", "server.js"],
        files: &[("/usr/bin/node", "\0node.js/v20.11.1\0")],
        version: "20.11.1",
        home: "/usr/bin/node",
        config: "",
        at_rest: None,
    },
];

fn fill(case: &Case) -> World {
    let world = World::new();
    world.write("/etc/passwd", "");
    for (path, content) in case.files {
        if path.ends_with(".jar") {
            let manifest =
                format!("Manifest-Version: 1.0\r\nImplementation-Version: {content}\r\n");
            let jar = pack(&[("META-INF/MANIFEST.MF", manifest.as_bytes())], Deflated);
            world.write(path, jar);
        } else {
            world.write(path, content);
        }
    }
    world
}

fn check(kind: Kind, case: &Case) {
    let world = fill(case);
    process(&world, 50, case.exe, case.args, "/srv");
    process(&world, 52, case.exe, case.args, "/srv");
    let worker = "S 50 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 600 0 0";
    world.proc("52/stat", format!("52 (worker) {worker}\n"));
    let swept = world.sweep(kind);
    assert_eq!(swept.rows.len(), 1, "{}: {:#?}", case.name, swept.rows);
    let row = &swept.rows[0];
    let text = |column| row.fact.text(column);
    assert_eq!(text(Column::Name), case.name);
    assert_eq!(text(Column::Version), case.version, "{}", case.name);
    assert_eq!(text(Column::InstallDir), case.home, "{}", case.name);
    assert_eq!(text(Column::ConfigPath), case.config, "{}", case.name);
    assert_eq!(text(Column::ProcPath), case.exe, "{}", case.name);
    assert_eq!(row.volatile.pid, Some(50), "{}: the process, not its worker", case.name);
    assert!(row.volatile.started.is_some());
    assert!(!text(Column::Mode).is_empty() || case.exe == JAVA, "{}", case.name);
    let name = case.name.to_lowercase().replace(' ', "-");
    assert_eq!(text(Column::Purl), format!("pkg:generic/{name}@{}", case.version));

    let world = fill(case);
    let swept = world.sweep(kind);
    let rows: Vec<_> = swept.rows.iter().map(|row| &row.fact).collect();
    let Some(config) = case.at_rest else {
        return assert!(rows.is_empty(), "{}: {rows:#?}", case.name);
    };
    assert_eq!(rows.len(), 1, "{}: {rows:#?}", case.name);
    assert_eq!(rows[0].text(Column::Name), case.name);
    assert_eq!(rows[0].text(Column::Version), case.version, "{}", case.name);
    assert_eq!(rows[0].text(Column::InstallDir), case.home, "{}", case.name);
    assert_eq!(rows[0].text(Column::ConfigPath), config, "{}", case.name);
    assert_eq!(rows[0].text(Column::ProcPath), "");
    assert!(rows[0].text(Column::Reason).starts_with("installed; version from"));
    assert_eq!(swept.rows[0].volatile.pid, None);
}

#[test]
fn every_database_running_and_at_rest() {
    for case in DATABASES {
        check(Kind::Database, case);
    }
}

#[test]
fn every_web_server_running_and_at_rest() {
    for case in WEB_SERVERS {
        check(Kind::WebService, case);
    }
}

#[test]
fn a_server_inside_an_application_is_found() {
    let world = World::new();
    let app = pack(&[("BOOT-INF/lib/tomcat-embed-core-9.0.83.jar", b""), ("x", b"")], Deflated);
    world.write("/srv/shop.jar", app);
    process(&world, 60, JAVA, &["java", "-jar", "shop.jar"], "/srv");
    let swept = world.sweep(Kind::WebService);
    assert_eq!(swept.rows.len(), 1);
    let fact = &swept.rows[0].fact;
    assert_eq!(fact.text(Column::Name), "Tomcat");
    assert_eq!(fact.text(Column::Version), "9.0.83");
    assert_eq!(fact.text(Column::InstallDir), "/srv/shop.jar");
}

#[test]
fn tools_and_one_liners_are_no_servers() {
    let world = World::new();
    world.write("/usr/bin/node", "\0node.js/v20.11.1\0");
    let npm = "/usr/lib/node_modules/npm/bin/npm-cli.js";
    process(&world, 60, "/usr/bin/node", &["node", npm, "install"], "/srv");
    process(&world, 61, "/usr/bin/node", &["node", "-e", "setInterval(()=>{},1)"], "/srv");
    process(&world, 62, "/usr/bin/node", &["node"], "/srv");
    process(&world, 63, "/usr/bin/python3.11", &["python3", "-c", "gunicorn"], "/srv");
    process(&world, 64, JAVA, &["java", "-version"], "/srv");
    world.write(JAVA, "");
    process(&world, 65, JAVA, &["java", "-jar", "/srv/start.jar"], "/srv");
    assert!(world.sweep(Kind::WebService).rows.is_empty());
}

#[test]
fn two_instances_are_one_installation() {
    let world = World::new();
    world.write("/usr/bin/redis-check-rdb", "\x007.0.15\0c11-builtin\0");
    world.link("/usr/bin/redis-server", "redis-check-rdb");
    let exe = "/usr/bin/redis-check-rdb";
    process(&world, 70, exe, &["/usr/bin/redis-server", "/etc/redis/a.conf"], "/");
    process(&world, 71, exe, &["/usr/bin/redis-server", "/etc/redis/b.conf"], "/");
    process(&world, 72, exe, &["redis-check-rdb", "/x.rdb"], "/");
    let swept = world.sweep(Kind::Database);
    assert_eq!(swept.rows.len(), 1, "{:#?}", swept.rows);
    let fact = &swept.rows[0].fact;
    assert_eq!(fact.text(Column::InstallDir), "/usr/bin/redis-server");
    assert_eq!(fact.text(Column::ConfigPath), "/etc/redis/a.conf");
    assert_eq!(fact.evidence()["configs"], serde_json::json!(["/etc/redis/b.conf"]));
    assert_eq!(swept.rows[0].volatile.pid, Some(70));
}
