//! The databases.
//!
//! Program names, places and the texts around versions are those of the makers' own packages and
//! archives and of Debian's and Red Hat's packages.

use super::rule::At::{Flag, FlagDir, Home, Positional, Property, Usual};
use super::rule::Mark::{Called, Main, Program};
use super::rule::Source::{File, Go, JarName};
use super::rule::{At, Rule, Source};
use muster_formats::version_strings::Probe;
use muster_model::Kind::Database;

/// All of them; a strict rule stands before the one it shares its marks with.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        strict: true,
        marks: &[Program("mariadbd"), Program("mysqld")],
        programs: &["/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/usr/libexec/mysqld"],
        marker: "bin/mariadbd",
        version: &[Source::Program(&[
            Probe::between("MariaDB ", "\0"),
            Probe::between("", "-MariaDB"),
        ])],
        config: &[
            Flag("--defaults-file"),
            Usual("/etc/mysql/mariadb.cnf"),
            Usual("/etc/my.cnf"),
            Usual("/etc/mysql/my.cnf"),
        ],
        ..Rule::of(Database, "MariaDB")
    },
    Rule {
        marks: &[Program("mysqld"), Program("mysqld-debug")],
        programs: &["/usr/sbin/mysqld", "/usr/libexec/mysqld"],
        marker: "bin/mysqld",
        version: &[Source::Program(&[
            Probe::between("/mysql-", "/"),
            Probe::between("/mysqlcom-pro-", "/"),
            Probe::between("/percona-server-", "-"),
            Probe::version("/mysql-"),
        ])],
        config: &[
            Flag("--defaults-file"),
            Usual("/etc/mysql/my.cnf"),
            Usual("/etc/my.cnf"),
            Home("my.cnf"),
        ],
        ..Rule::of(Database, "MySQL")
    },
    Rule {
        marks: &[Program("postgres"), Program("postmaster")],
        programs: &[
            "/usr/lib/postgresql/*/bin/postgres",
            "/usr/pgsql-*/bin/postgres",
            "/usr/bin/postgres",
        ],
        marker: "bin/postgres",
        version: &[Source::Program(&[
            Probe::version("postgres (PostgreSQL) "),
            Probe::version("PostgreSQL "),
        ])],
        config: &[
            Flag("config_file="),
            FlagDir("-D", "postgresql.conf"),
            Usual("/etc/postgresql/{}/*/postgresql.conf"),
            Usual("/var/lib/pgsql/*/data/postgresql.conf"),
            Usual("/var/lib/pgsql/data/postgresql.conf"),
        ],
        ..Rule::of(Database, "PostgreSQL")
    },
    Rule {
        marks: &[
            Program("redis-server"),
            Program("redis-sentinel"),
            Called("redis-check-rdb", "redis-server"),
            Called("redis-check-rdb", "redis-sentinel"),
            Called("redis-check-aof", "redis-server"),
        ],
        programs: &["/usr/bin/redis-server", "/usr/local/bin/redis-server"],
        marker: "bin/redis-server",
        version: REDIS_VERSION,
        config: &[
            Positional,
            Usual("/etc/redis/redis.conf"),
            Usual("/etc/redis.conf"),
            Home("redis.conf"),
        ],
        ..Rule::of(Database, "Redis")
    },
    Rule {
        marks: &[Program("valkey-server"), Program("valkey-sentinel")],
        programs: &["/usr/bin/valkey-server", "/usr/local/bin/valkey-server"],
        marker: "bin/valkey-server",
        version: REDIS_VERSION,
        config: &[Positional, Usual("/etc/valkey/valkey.conf")],
        ..Rule::of(Database, "Valkey")
    },
    Rule {
        marks: &[Program("mongod"), Program("mongos")],
        programs: &["/usr/bin/mongod", "/usr/local/bin/mongod"],
        marker: "bin/mongod",
        version: &[Source::Program(&[
            Probe::between("\"version\": \"", "\""),
            Probe::between("mongo-", "/"),
            Probe::between("db version v", "\0"),
        ])],
        config: &[
            Flag("--config"),
            Flag("-f"),
            Usual("/etc/mongod.conf"),
            Usual("/etc/mongodb.conf"),
        ],
        ..Rule::of(Database, "MongoDB")
    },
    Rule {
        marks: &[Program("memcached")],
        programs: &["/usr/bin/memcached", "/usr/local/bin/memcached"],
        marker: "bin/memcached",
        version: &[Source::Program(&[Probe::version("memcached "), Probe::version("VERSION ")])],
        config: &[Usual("/etc/memcached.conf"), Usual("/etc/sysconfig/memcached")],
        ..Rule::of(Database, "Memcached")
    },
    Rule {
        marks: &[Main("org.elasticsearch.bootstrap.Elasticsearch")],
        home: &["es.path.home"],
        marker: "lib/elasticsearch-*.jar",
        homes: &["/usr/share/elasticsearch"],
        version: &[JarName("lib", "elasticsearch")],
        config: &[
            Property("es.path.conf", "elasticsearch.yml"),
            Usual("/etc/elasticsearch/elasticsearch.yml"),
            Home("config/elasticsearch.yml"),
        ],
        ..Rule::of(Database, "Elasticsearch")
    },
    Rule {
        marks: &[Main("org.opensearch.bootstrap.OpenSearch")],
        home: &["opensearch.path.home"],
        marker: "lib/opensearch-*.jar",
        homes: &["/usr/share/opensearch"],
        version: &[JarName("lib", "opensearch")],
        config: &[
            Property("opensearch.path.conf", "opensearch.yml"),
            Usual("/etc/opensearch/opensearch.yml"),
            Home("config/opensearch.yml"),
        ],
        ..Rule::of(Database, "OpenSearch")
    },
    Rule {
        marks: &[
            Program("clickhouse-server"),
            Called("clickhouse", "clickhouse-server"),
            Called("clickhouse", "clickhouse"),
        ],
        programs: &["/usr/bin/clickhouse", "/usr/local/bin/clickhouse"],
        marker: "bin/clickhouse-server",
        version: &[Source::Program(&[
            Probe::version("ClickHouse server version "),
            Probe::version("ClickHouse/"),
        ])],
        config: &[
            Flag("--config-file"),
            Flag("--config"),
            Flag("-C"),
            Usual("/etc/clickhouse-server/config.xml"),
            Usual("/etc/clickhouse-server/config.yaml"),
        ],
        ..Rule::of(Database, "ClickHouse")
    },
    Rule {
        marks: &[Main("org.apache.cassandra.service.CassandraDaemon")],
        home: &["cassandra.home"],
        marker: "lib/apache-cassandra-*.jar",
        version: &[JarName("lib", "apache-cassandra")],
        config: CASSANDRA_CONFIG,
        ..Rule::of(Database, "Cassandra")
    },
    Rule {
        // As the packages lay it out.
        marks: &[Main("org.apache.cassandra.service.CassandraDaemon")],
        marker: "apache-cassandra-*.jar",
        homes: &["/usr/share/cassandra"],
        version: &[JarName("", "apache-cassandra")],
        config: CASSANDRA_CONFIG,
        ..Rule::of(Database, "Cassandra")
    },
    Rule {
        marks: &[Program("influxd"), Program("influxdb3")],
        programs: &["/usr/bin/influxd", "/usr/local/bin/influxd", "/usr/bin/influxdb3"],
        marker: "influxd",
        version: &[
            Go("github.com/influxdata/influxdb"),
            Source::Program(&[Probe::version("main.version="), Probe::version("InfluxDB v")]),
        ],
        config: &[
            Flag("-config"),
            Flag("--config"),
            Flag("--config-path"),
            Usual("/etc/influxdb/influxdb.conf"),
            Usual("/etc/influxdb/config.toml"),
        ],
        ..Rule::of(Database, "InfluxDB")
    },
    Rule {
        marks: &[Program("etcd")],
        programs: &["/usr/bin/etcd", "/usr/local/bin/etcd"],
        marker: "etcd",
        version: &[Go("go.etcd.io/etcd"), Go("github.com/coreos/etcd")],
        config: &[
            Flag("--config-file"),
            Usual("/etc/etcd/etcd.conf"),
            Usual("/etc/etcd/etcd.conf.yml"),
            Usual("/etc/default/etcd"),
        ],
        ..Rule::of(Database, "etcd")
    },
    Rule {
        marks: &[Program("oracle")],
        homes: &[
            "/u01/app/oracle/product/*/*",
            "/opt/oracle/product/*/*",
            "/home/oracle/app/oracle/product/*/*",
        ],
        marker: "bin/oracle",
        version: &[
            File(
                "inventory/ContentsXML/comps.xml",
                Probe::version("NAME=\"oracle.server\" VER=\""),
            ),
            Source::Program(&[
                Probe::version("Oracle Database Release "),
                Probe::between("ORACLE", ""),
            ]),
        ],
        config: &[Home("dbs/init.ora"), Home("network/admin/listener.ora")],
        ..Rule::of(Database, "Oracle")
    },
    Rule {
        marks: &[Program("db2sysc")],
        homes: &["/opt/ibm/db2/*"],
        marker: "adm/db2sysc",
        version: &[Source::Program(&[Probe::version("DB2 v"), Probe::version("Db2 v")])],
        config: &[Home("cfg/db2cos"), Usual("/home/*/sqllib/db2systm")],
        ..Rule::of(Database, "DB2")
    },
    Rule {
        strict: true,
        marks: &[Program("gaussdb")],
        homes: &["/usr/local/opengauss", "/opt/software/openGauss", "/opt/huawei/install/app*"],
        marker: "bin/gaussdb",
        version: &[Source::Program(&[
            Probe::version("(openGauss "),
            Probe::version("(openGauss-lite "),
            Probe::version("openGauss "),
        ])],
        config: &[Flag("config_file="), FlagDir("-D", "postgresql.conf")],
        ..Rule::of(Database, "openGauss")
    },
    Rule {
        marks: &[Program("gaussdb")],
        marker: "bin/gaussdb",
        version: &[Source::Program(&[Probe::version("(GaussDB Kernel ")])],
        config: &[Flag("config_file="), FlagDir("-D", "postgresql.conf")],
        ..Rule::of(Database, "GaussDB")
    },
    Rule {
        marks: &[Program("dmserver"), Program("dmap")],
        homes: &["/dm*", "/home/dmdba/dmdbms", "/home/*/dmdbms"],
        marker: "bin/dmserver",
        version: &[Source::Program(&[
            Probe::word("DM Database Server 64 V"),
            Probe::word("DM Database Server x64 V"),
            Probe::word("DM Database Server V"),
        ])],
        config: &[Positional, Home("data/DAMENG/dm.ini"), Home("data/dm.ini")],
        ..Rule::of(Database, "Dameng")
    },
    Rule {
        marks: &[Program("kingbase")],
        homes: &["/opt/Kingbase/ES/*", "/opt/Kingbase/ES/*/Server", "/home/kingbase/*/Server"],
        marker: "bin/kingbase",
        version: &[Source::Program(&[
            Probe::word("kingbase (KingbaseES) "),
            Probe::word("KingbaseES "),
        ])],
        config: &[Flag("config_file="), FlagDir("-D", "kingbase.conf"), Home("data/kingbase.conf")],
        ..Rule::of(Database, "Kingbase")
    },
    Rule {
        marks: &[Program("tidb-server")],
        programs: &["/usr/bin/tidb-server", "/usr/local/bin/tidb-server"],
        homes: &["/tidb-deploy/tidb-*", "/home/tidb/deploy/tidb-*"],
        marker: "bin/tidb-server",
        version: &[
            Source::Program(&[Probe::version("mysql.TiDBReleaseVersion=v")]),
            Go("github.com/pingcap/tidb"),
        ],
        config: &[Flag("--config"), Flag("-config"), Home("conf/tidb.toml")],
        ..Rule::of(Database, "TiDB")
    },
];

const CASSANDRA_CONFIG: &[At] = &[
    Flag("-Dcassandra.config=file://"),
    Flag("-Dcassandra.config="),
    Usual("/etc/cassandra/cassandra.yaml"),
    Usual("/etc/cassandra/conf/cassandra.yaml"),
    Home("conf/cassandra.yaml"),
];

/// The argument next to the version in the call that writes `INFO`.
const REDIS_VERSION: &[Source] = &[Source::Program(&[
    Probe::between("\0", "\0c11-builtin\0"),
    Probe::between("\0", "\0atomic-builtin\0"),
    Probe::between("\0", "\0sync-builtin\0"),
])];
