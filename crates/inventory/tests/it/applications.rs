//! Every web application that is known is found, each by a fixture of its own.

use crate::frameworks::go_program;
use crate::middleware::{maven_jar, pack, process};
use crate::world::World;
use muster_inventory::recognised;
use muster_model::{Column, Fact, Kind};
use std::collections::BTreeSet;
use zip::CompressionMethod::Stored;

/// An application: its name, its files, the version they say, and which of them is its configuration.
struct Fixture {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    version: &'static str,
    config: &'static str,
}

const fn fixture(
    name: &'static str,
    version: &'static str,
    files: &'static [(&'static str, &'static str)],
    config: &'static str,
) -> Fixture {
    Fixture { name, files, version, config }
}

const FIXTURES: &[Fixture] = &[
    fixture(
        "WordPress",
        "6.1.9",
        &[
            ("wp-includes/version.php", "<?php\n$wp_version = '6.1.9';\n$wp_db_version = 53496;\n"),
            ("wp-config.php", "<?php"),
        ],
        "wp-config.php",
    ),
    fixture(
        "Drupal",
        "10.1.6",
        &[
            ("core/lib/Drupal.php", "<?php\nclass Drupal {\n  const VERSION = '10.1.6';\n"),
            ("sites/default/settings.php", ""),
        ],
        "sites/default/settings.php",
    ),
    fixture(
        "Drupal",
        "7.98",
        &[("includes/bootstrap.inc", "<?php\ndefine('VERSION', '7.98');\n")],
        "",
    ),
    fixture(
        "Joomla",
        "4.3.2",
        &[
            (
                "administrator/manifests/files/joomla.xml",
                "<extension>\n<name>files_joomla</name>\n<version>4.3.2</version>",
            ),
            ("configuration.php", ""),
        ],
        "configuration.php",
    ),
    fixture(
        "Discuz!",
        "X3.4",
        &[(
            "source/discuz_version.php",
            "<?php\nif(!defined('DISCUZ_VERSION')) {\n\tdefine('DISCUZ_VERSION', 'X3.4');\n",
        )],
        "",
    ),
    fixture(
        "DedeCMS",
        "V57_UTF8_SP2",
        &[("include/common.inc.php", "<?php\n$cfg_version = 'V57_UTF8_SP2';\n")],
        "",
    ),
    fixture(
        "EmpireCMS",
        "7.5",
        &[("e/class/EmpireCMS_version.php", "<?php\ndefine('EmpireCMS_VERSION','7.5');\n")],
        "",
    ),
    fixture(
        "phpMyAdmin",
        "5.2.1",
        &[
            (
                "libraries/classes/Version.php",
                "<?php\n    public const VERSION = '5.2.1' . VERSION_SUFFIX;\n",
            ),
            ("config.inc.php", ""),
        ],
        "config.inc.php",
    ),
    fixture(
        "phpMyAdmin",
        "4.9.5",
        &[("libraries/classes/Config.php", "<?php $this->set('PMA_VERSION', '4.9.5');\n")],
        "",
    ),
    fixture(
        "PHPMailer",
        "6.8.0",
        &[("src/PHPMailer.php", "<?php\n    const VERSION = '6.8.0';\n")],
        "",
    ),
    fixture(
        "BigTree",
        "4.4.16",
        &[("core/version.php", "<?php\n\tdefine(\"BIGTREE_VERSION\",\"4.4.16\");\n")],
        "",
    ),
    fixture("JPress", "5.1.0", &[("WEB-INF/lib/jpress-core-5.1.0.jar", "")], ""),
    fixture(
        "ThinkCMF",
        "5.0.180123",
        &[("public/index.php", "<?php\ndefine('THINKCMF_VERSION', '5.0.180123');\n")],
        "",
    ),
    fixture(
        "Jenkins",
        "2.426.1",
        &[("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nJenkins-Version: 2.426.1\r\n")],
        "",
    ),
    fixture(
        "Zabbix",
        "6.0.14",
        &[
            ("include/defines.inc.php", "<?php\ndefine('ZABBIX_VERSION',\t\t'6.0.14');\n"),
            ("conf/zabbix.conf.php", ""),
        ],
        "conf/zabbix.conf.php",
    ),
    fixture(
        "Nextcloud",
        "27.1.2",
        &[
            (
                "version.php",
                "<?php\n$OC_Version = array(27,1,2,1);\n$OC_VersionString = '27.1.2';\n$vendor = 'nextcloud';\n",
            ),
            ("config/config.php", ""),
        ],
        "config/config.php",
    ),
    fixture(
        "ownCloud",
        "10.13.1",
        &[("version.php", "<?php\n$OC_VersionString = '10.13.1';\n$vendor = 'owncloud';\n")],
        "",
    ),
    fixture("GitLab", "16.5.1-ee", &[("embedded/service/gitlab-rails/VERSION", "16.5.1-ee\n")], ""),
    fixture(
        "GitLab",
        "16.5.1",
        &[("VERSION", "16.5.1\n"), ("config/gitlab.yml", "production:\n")],
        "config/gitlab.yml",
    ),
    fixture(
        "Confluence",
        "7.19.16",
        &[(
            "confluence/META-INF/maven/com.atlassian.confluence/confluence-webapp/pom.properties",
            "groupId=com.atlassian.confluence\nartifactId=confluence-webapp\nversion=7.19.16\n",
        )],
        "",
    ),
    fixture(
        "Jira",
        "9.4.1",
        &[(
            "atlassian-jira/META-INF/maven/com.atlassian.jira/jira-webapp-dist/pom.properties",
            "version=9.4.1\ngroupId=com.atlassian.jira\n",
        )],
        "",
    ),
    fixture(
        "MediaWiki",
        "1.39.5",
        &[
            ("includes/Defines.php", "<?php\ndefine( 'MW_VERSION', '1.39.5' );\n"),
            ("LocalSettings.php", ""),
        ],
        "LocalSettings.php",
    ),
    fixture(
        "Moodle",
        "4.1.2",
        &[
            ("version.php", "<?php\n$version  = 2022112802.00;\n$release  = '4.1.2 (Build: 2)';\n"),
            ("config-dist.php", "<?php // Moodle configuration file"),
            ("config.php", ""),
        ],
        "config.php",
    ),
    fixture(
        "Magento",
        "2.4.6",
        &[
            ("app/etc/di.xml", "<config/>"),
            (
                "composer.json",
                "{\n  \"name\": \"magento/project-community-edition\",\n  \"version\": \"2.4.6\",\n",
            ),
            ("app/etc/env.php", ""),
        ],
        "app/etc/env.php",
    ),
    fixture("Magento", "", &[("app/Mage.php", "<?php")], ""),
    fixture(
        "TYPO3",
        "12.4.8",
        &[(
            "typo3/sysext/core/Classes/Information/Typo3Version.php",
            "<?php\n    protected const VERSION = '12.4.8';\n",
        )],
        "",
    ),
    fixture(
        "PrestaShop",
        "8.1.2",
        &[
            ("app/AppKernel.php", "<?php\n    const VERSION = '8.1.2';\n"),
            ("config/config.inc.php", "<?php define('_PS_MODE_', 1);"),
        ],
        "",
    ),
    fixture(
        "Roundcube",
        "1.6.4",
        &[("program/include/iniset.php", "<?php\ndefine('RCMAIL_VERSION', '1.6.4');\n")],
        "",
    ),
    fixture(
        "Grafana",
        "10.2.0",
        &[("conf/defaults.ini", "# for the grafana server\n"), ("VERSION", "10.2.0\n")],
        "conf/defaults.ini",
    ),
    fixture(
        "SonarQube",
        "9.9.0.65466",
        &[("lib/sonar-application-9.9.0.65466.jar", ""), ("conf/sonar.properties", "")],
        "conf/sonar.properties",
    ),
    fixture(
        "Nexus",
        "3.58.1-02",
        &[
            ("system/org/sonatype/nexus/nexus-bootstrap/3.58.1-02/nexus-bootstrap.jar", ""),
            ("etc/nexus-default.properties", ""),
        ],
        "etc/nexus-default.properties",
    ),
    fixture(
        "phpBB",
        "3.3.11",
        &[("includes/constants.php", "<?php\n@define('PHPBB_VERSION', '3.3.11');\n")],
        "",
    ),
    fixture(
        "Typecho",
        "1.2.1",
        &[("var/Typecho/Common.php", "<?php\n    public const VERSION = '1.2.1';\n")],
        "",
    ),
    fixture(
        "Matomo",
        "4.15.1",
        &[("core/Version.php", "<?php\n/** Matomo */\n    const VERSION = '4.15.1';\n")],
        "",
    ),
    fixture(
        "Dolibarr",
        "18.0.2",
        &[("filefunc.inc.php", "<?php\n\tdefine('DOL_VERSION', '18.0.2');\n")],
        "",
    ),
    fixture(
        "GLPI",
        "10.0.10",
        &[("inc/define.php", "<?php\ndefine('GLPI_VERSION', '10.0.10');\n")],
        "",
    ),
    fixture(
        "OpenCart",
        "4.0.2.3",
        &[
            ("index.php", "<?php\ndefine('VERSION', '4.0.2.3');\n"),
            ("system/startup.php", "<?php require DIR_SYSTEM;"),
        ],
        "",
    ),
];

fn rows(world: &World) -> Vec<Fact> {
    world.sweep(Kind::WebCms).rows.iter().map(|row| row.fact.clone()).collect()
}

#[test]
fn applications_are_found_below_web_roots() {
    let world = World::new();
    let dir = |at: usize| format!("/var/www/html/site{at:02}");
    for (at, fixture) in FIXTURES.iter().enumerate() {
        for (file, content) in fixture.files {
            world.write(&format!("{}/{file}", dir(at)), content);
        }
    }
    let rows = rows(&world);
    for (at, fixture) in FIXTURES.iter().enumerate() {
        let here: Vec<&Fact> = rows
            .iter()
            .filter(|fact| fact.text(Column::InstallDir).starts_with(&dir(at)))
            .collect();
        let [fact] = here.as_slice() else { panic!("{}: {here:?}", fixture.name) };
        assert_eq!(fact.text(Column::Name), fixture.name);
        assert_eq!(fact.text(Column::Version), fixture.version, "{}", fixture.name);
        assert_eq!(fact.text(Column::InstallDir), dir(at));
        let config = match fixture.config {
            "" => String::new(),
            file => format!("{}/{file}", dir(at)),
        };
        assert_eq!(fact.text(Column::ConfigPath), config, "{}", fixture.name);
        assert_eq!(fact.text(Column::Mode).len(), 4);
    }
}

#[test]
fn every_known_application_has_a_fixture() {
    let known: BTreeSet<&str> =
        recognised().filter(|(kind, _)| *kind == Kind::WebCms).map(|(_, name)| name).collect();
    let mut tried: BTreeSet<&str> = FIXTURES.iter().map(|fixture| fixture.name).collect();
    tried.insert("Gitea");
    assert_eq!(known, tried);
}

#[test]
fn applications_are_found_where_packages_put_them_and_nothing_else_is_read_there() {
    let world = World::new();
    world.write("/usr/share/phpmyadmin/libraries/classes/Version.php", "const VERSION = '5.2.1'");
    world.write("/etc/phpmyadmin/config.inc.php", "");
    world.write("/usr/share/other/wp-includes/version.php", "$wp_version = '1.0';");
    let rows = rows(&world);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].text(Column::ConfigPath), "/etc/phpmyadmin/config.inc.php");
    assert_eq!(rows[0].text(Column::Purl), "pkg:composer/phpmyadmin/phpmyadmin@5.2.1");
}

#[test]
fn a_war_that_is_run_and_the_one_of_a_site_are_found() {
    let manifest: &[u8] = b"Manifest-Version: 1.0\nJenkins-Version: 2.426.1\n";
    let war = pack(&[("META-INF/MANIFEST.MF", manifest)], Stored);
    let world = World::new();
    let args = ["java", "-DJENKINS_HOME=/var/jh", "-jar", "/opt/ci/jenkins.war"];
    process(&world, 50, "/usr/bin/java", &args, "/");
    world.write("/opt/ci/jenkins.war", &war);
    world.write("/var/jh/config.xml", "");
    let found = rows(&world);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text(Column::Version), "2.426.1");
    assert_eq!(found[0].text(Column::ConfigPath), "/var/jh/config.xml");
    assert_eq!(found[0].text(Column::ProcPath), "/usr/bin/java");
    let world = World::new();
    let args = ["java", "-jar", "/srv/jpress/starter-tomcat-5.1.0.jar"];
    process(&world, 50, "/usr/bin/java", &args, "/");
    let jar = maven_jar("io.jpress", "starter-tomcat", "5.1.0");
    world.write("/srv/jpress/starter-tomcat-5.1.0.jar", jar);
    assert_eq!(rows(&world)[0].text(Column::Name), "JPress");
}

#[test]
fn go_applications_are_found_by_their_main_module() {
    let world = World::new();
    let args = ["/usr/local/bin/gitea", "web", "-c", "/etc/gitea/app.ini"];
    process(&world, 80, "/usr/local/bin/gitea", &args, "/var/lib/gitea");
    world.write(
        "/usr/local/bin/gitea",
        go_program(
            "path\tcode.gitea.io/gitea\nmod\tcode.gitea.io/gitea\t(devel)\t\n\
             build\t-ldflags=\"-s -X \\\"main.Version=1.21.0\\\" -X main.Tags=x\"\n",
        ),
    );
    let rows = rows(&world);
    assert_eq!(rows[0].text(Column::Name), "Gitea");
    assert_eq!(rows[0].text(Column::Version), "1.21.0");
    assert_eq!(rows[0].text(Column::ConfigPath), "/etc/gitea/app.ini");
    assert_eq!(rows[0].text(Column::InstallDir), "/usr/local/bin/gitea");
}

#[test]
fn the_application_of_a_site_is_that_of_its_server() {
    let world = World::new();
    process(&world, 90, "/usr/sbin/nginx", &["nginx: master process /usr/sbin/nginx"], "/");
    world.write(
        "/usr/sbin/nginx",
        "nginx version: nginx/1.22.1\0--prefix=/etc/nginx --conf-path=/etc/nginx/nginx.conf\0",
    );
    world.write(
        "/etc/nginx/nginx.conf",
        "events {}\nhttp { server { listen 80; server_name x.org; root /data/app/public; } }\n",
    );
    world.write("/data/app/public/index.php", "<?php");
    world.write("/data/app/core/lib/Drupal.php", "<?php const VERSION = '10.1.6';");
    let swept = world.sweep(Kind::WebCms);
    assert_eq!(swept.rows.len(), 1);
    assert_eq!(swept.rows[0].fact.text(Column::InstallDir), "/data/app");
    assert_eq!(swept.rows[0].fact.text(Column::ProcPath), "/usr/sbin/nginx");
    assert_eq!(swept.rows[0].volatile.pid, Some(90));
}

#[test]
fn a_deep_tree_ends_at_a_limit() {
    let world = World::new();
    for at in 0..450 {
        world.write(&format!("/var/www/s{at:03}/x"), "");
    }
    world.write("/var/www/a/b/c/d/wp-includes/version.php", "$wp_version = '1.0';");
    let swept = world.sweep(Kind::WebCms);
    assert_eq!(swept.rows.len(), 0);
    assert_eq!(swept.diagnostics[0].code, "walk.too_large");
}
