//! The web applications that are known, and the files they are known by. A new one is an entry here and one
//! in the fixtures of the tests.

use crate::marker::Told::{
    self, Archive as ArchiveIn, Beside, Directory, Nowhere, Quoted, Tagged, Word,
};

/// An application that lies in a directory.
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Where it says its version; the first that does counts.
    pub(super) told: &'static [Told],
    /// A file that must hold these words, where the marker files are not peculiar enough.
    pub(super) says: Option<(&'static str, &'static str)>,
    /// Its configuration, the usual places in order; relative to the directory or absolute.
    pub(super) config: &'static [&'static str],
    /// How names of its directory begin where packages and administrators put it, in lower case.
    pub(super) dirs: &'static [&'static str],
    /// Type, namespace and name of its package URL, where a package registry has it.
    pub(super) purl: Option<(&'static str, &'static str, &'static str)>,
}

/// An application that is run as a Java archive.
pub(super) struct Archive {
    pub(super) name: &'static str,
    /// The manifest's attribute that tells its version.
    pub(super) attribute: &'static str,
    /// Artifacts that are it.
    pub(super) artifacts: &'static [&'static str],
    /// System property or environment variable of its home directory, and the configuration in it.
    pub(super) home: &'static str,
    pub(super) config: &'static str,
    pub(super) purl: Option<(&'static str, &'static str, &'static str)>,
}

/// An application that is a Go program.
pub(super) struct GoProgram {
    pub(super) name: &'static str,
    /// Its main module.
    pub(super) module: &'static str,
    /// The variable the linker sets to the version.
    pub(super) variable: &'static str,
    /// Options that name the configuration file.
    pub(super) options: &'static [&'static str],
    /// Its configuration, seen from its working directory.
    pub(super) config: &'static [&'static str],
}

const fn rule(
    name: &'static str,
    dirs: &'static [&'static str],
    told: &'static [Told],
    config: &'static [&'static str],
) -> Rule {
    Rule { name, told, says: None, config, dirs, purl: None }
}

impl Rule {
    const fn purl(
        mut self,
        kind: &'static str,
        namespace: &'static str,
        name: &'static str,
    ) -> Self {
        self.purl = Some((kind, namespace, name));
        self
    }

    const fn says(mut self, file: &'static str, words: &'static str) -> Self {
        self.says = Some((file, words));
        self
    }
}

/// All that lie in directories.
pub(super) const RULES: &[Rule] = &[
    rule(
        "WordPress",
        &["wordpress"],
        &[Quoted("wp-includes/version.php", "$wp_version =")],
        &["wp-config.php", "../wp-config.php"],
    ),
    rule(
        "Drupal",
        &["drupal"],
        &[
            Quoted("core/lib/Drupal.php", "const VERSION ="),
            Quoted("includes/bootstrap.inc", "define('VERSION',"),
        ],
        &["sites/default/settings.php"],
    )
    .purl("composer", "drupal", "core"),
    rule(
        "Joomla",
        &["joomla"],
        &[Tagged("administrator/manifests/files/joomla.xml", "<version>")],
        &["configuration.php"],
    ),
    rule(
        "Discuz!",
        &["discuz"],
        &[Quoted("source/discuz_version.php", "'DISCUZ_VERSION',")],
        &["config/config_global.php"],
    ),
    rule(
        "DedeCMS",
        &["dede"],
        &[Quoted("include/common.inc.php", "$cfg_version =")],
        &["data/common.inc.php"],
    ),
    rule(
        "EmpireCMS",
        &["empirecms"],
        &[Quoted("e/class/EmpireCMS_version.php", "'EmpireCMS_VERSION',")],
        &["e/config/config.php"],
    ),
    rule(
        "phpMyAdmin",
        &["phpmyadmin"],
        &[
            Quoted("libraries/classes/Version.php", "const VERSION ="),
            Quoted("libraries/classes/Config.php", "'PMA_VERSION',"),
            Quoted("libraries/Config.class.php", "'PMA_VERSION',"),
        ],
        &["/etc/phpmyadmin/config.inc.php", "config.inc.php"],
    )
    .purl("composer", "phpmyadmin", "phpmyadmin"),
    rule(
        "PHPMailer",
        &["phpmailer", "php-phpmailer"],
        &[
            Quoted("vendor/phpmailer/phpmailer/src/PHPMailer.php", "const VERSION ="),
            Quoted("src/PHPMailer.php", "const VERSION ="),
            Quoted("PHPMailer/src/PHPMailer.php", "const VERSION ="),
            Quoted("wp-includes/PHPMailer/PHPMailer.php", "const VERSION ="),
            Quoted("class.phpmailer.php", "$Version ="),
        ],
        &[],
    )
    .purl("composer", "phpmailer", "phpmailer"),
    rule(
        "BigTree",
        &["bigtree"],
        &[
            Quoted("core/version.php", "BIGTREE_VERSION\""),
            Quoted("core/bootstrap.php", "BIGTREE_VERSION\""),
        ],
        &["custom/environment.php", "custom/settings.php"],
    ),
    rule(
        "JPress",
        &["jpress"],
        &[
            ArchiveIn("WEB-INF/lib", "jpress-core-"),
            ArchiveIn("lib", "jpress-core-"),
            ArchiveIn("WEB-INF/lib", "jpress-web-"),
        ],
        &["WEB-INF/classes/jboot.properties", "config/jboot.properties"],
    ),
    rule(
        "ThinkCMF",
        &["thinkcmf"],
        &[
            Quoted("public/index.php", "THINKCMF_VERSION',"),
            Quoted("index.php", "THINKCMF_VERSION',"),
            Quoted("index.php", "THINKCMF_VERSION\","),
            Quoted("vendor/thinkcmf/cmf/src/init.php", "THINKCMF_VERSION',"),
        ],
        &["data/config/database.php", "data/conf/db.php"],
    ),
    rule(
        "Jenkins",
        &["jenkins"],
        &[Word("META-INF/MANIFEST.MF", "Jenkins-Version:")],
        &["/var/lib/jenkins/config.xml"],
    )
    .purl("maven", "org.jenkins-ci.main", "jenkins-war"),
    rule(
        "Zabbix",
        &["zabbix"],
        &[Quoted("include/defines.inc.php", "'ZABBIX_VERSION',")],
        &["conf/zabbix.conf.php", "/etc/zabbix/web/zabbix.conf.php"],
    ),
    rule(
        "Nextcloud",
        &["nextcloud"],
        &[Quoted("version.php", "$OC_VersionString =")],
        &["config/config.php"],
    )
    .says("version.php", "'nextcloud'"),
    rule(
        "ownCloud",
        &["owncloud"],
        &[Quoted("version.php", "$OC_VersionString =")],
        &["config/config.php"],
    )
    .says("version.php", "'owncloud'"),
    rule(
        "GitLab",
        &["gitlab"],
        &[
            Word("embedded/service/gitlab-rails/VERSION", ""),
            Beside("config/gitlab.yml", "VERSION", ""),
        ],
        &["/etc/gitlab/gitlab.rb", "config/gitlab.yml"],
    ),
    rule(
        "Confluence",
        &["confluence", "atlassian"],
        &[Word(
            "confluence/META-INF/maven/com.atlassian.confluence/confluence-webapp/pom.properties",
            "version=",
        )],
        &["confluence/WEB-INF/classes/confluence-init.properties"],
    ),
    rule(
        "Jira",
        &["jira", "atlassian"],
        &[
            Word(
                "atlassian-jira/META-INF/maven/com.atlassian.jira/jira-webapp-dist/pom.properties",
                "version=",
            ),
            ArchiveIn("atlassian-jira/WEB-INF/lib", "jira-api-"),
        ],
        &["atlassian-jira/WEB-INF/classes/jira-application.properties"],
    ),
    rule(
        "MediaWiki",
        &["mediawiki"],
        &[
            Quoted("includes/Defines.php", "'MW_VERSION',"),
            Quoted("includes/DefaultSettings.php", "$wgVersion ="),
        ],
        &["LocalSettings.php", "/etc/mediawiki/LocalSettings.php"],
    )
    .purl("composer", "mediawiki", "core"),
    rule(
        "Moodle",
        &["moodle"],
        &[Quoted("version.php", "$release"), Quoted("public/version.php", "$release")],
        &["config.php"],
    )
    .says("config-dist.php", "Moodle"),
    rule(
        "Magento",
        &["magento"],
        &[Beside("app/etc/di.xml", "composer.json", "\"version\": \""), Nowhere("app/Mage.php")],
        &["app/etc/env.php", "app/etc/local.xml"],
    ),
    rule(
        "TYPO3",
        &["typo3"],
        &[
            Quoted("typo3/sysext/core/Classes/Information/Typo3Version.php", "VERSION ="),
            Quoted("vendor/typo3/cms-core/Classes/Information/Typo3Version.php", "VERSION ="),
            Quoted(
                "typo3/sysext/core/Classes/Core/SystemEnvironmentBuilder.php",
                "'TYPO3_version',",
            ),
        ],
        &["config/system/settings.php", "typo3conf/LocalConfiguration.php"],
    )
    .purl("composer", "typo3", "cms-core"),
    rule(
        "PrestaShop",
        &["prestashop"],
        &[
            Quoted("app/AppKernel.php", "const VERSION ="),
            Quoted("config/settings.inc.php", "'_PS_VERSION_',"),
        ],
        &["app/config/parameters.php", "config/settings.inc.php"],
    )
    .says("config/config.inc.php", "_PS_"),
    rule(
        "Roundcube",
        &["roundcube"],
        &[Quoted("program/include/iniset.php", "'RCMAIL_VERSION',")],
        &["/etc/roundcube/config.inc.php", "config/config.inc.php"],
    )
    .purl("composer", "roundcube", "roundcubemail"),
    rule(
        "Grafana",
        &["grafana"],
        &[
            Beside("conf/defaults.ini", "VERSION", ""),
            Beside("conf/defaults.ini", "package.json", "\"version\": \""),
        ],
        &["/etc/grafana/grafana.ini", "conf/custom.ini", "conf/defaults.ini"],
    )
    .says("conf/defaults.ini", "grafana"),
    rule(
        "SonarQube",
        &["sonar"],
        &[ArchiveIn("lib", "sonar-application-")],
        &["conf/sonar.properties"],
    ),
    rule(
        "Nexus",
        &["nexus", "sonatype"],
        &[
            Directory("system/org/sonatype/nexus/nexus-bootstrap"),
            ArchiveIn("bin", "sonatype-nexus-repository-"),
        ],
        &["etc/nexus.properties", "etc/nexus-default.properties"],
    ),
    rule(
        "phpBB",
        &["phpbb"],
        &[Quoted("includes/constants.php", "'PHPBB_VERSION',")],
        &["config.php"],
    ),
    rule(
        "Typecho",
        &["typecho"],
        &[Quoted("var/Typecho/Common.php", "const VERSION =")],
        &["config.inc.php"],
    ),
    rule(
        "Matomo",
        &["matomo", "piwik"],
        &[Quoted("core/Version.php", "const VERSION =")],
        &["config/config.ini.php"],
    )
    .says("core/Version.php", "Matomo"),
    rule(
        "Dolibarr",
        &["dolibarr"],
        &[Quoted("filefunc.inc.php", "'DOL_VERSION',")],
        &["conf/conf.php", "/etc/dolibarr/conf.php"],
    ),
    rule(
        "GLPI",
        &["glpi"],
        &[
            Quoted("inc/define.php", "'GLPI_VERSION',"),
            Quoted("src/autoload/constants.php", "'GLPI_VERSION',"),
        ],
        &["config/config_db.php"],
    ),
    rule("OpenCart", &["opencart"], &[Quoted("index.php", "'VERSION',")], &["config.php"])
        .says("system/startup.php", "DIR_SYSTEM"),
];

/// All that run as archives.
pub(super) const ARCHIVES: &[Archive] = &[
    Archive {
        name: "Jenkins",
        attribute: "Jenkins-Version",
        artifacts: &["jenkins-war"],
        home: "JENKINS_HOME",
        config: "config.xml",
        purl: Some(("maven", "org.jenkins-ci.main", "jenkins-war")),
    },
    Archive {
        name: "JPress",
        attribute: "JPress-Version",
        artifacts: &["jpress-core", "starter-tomcat", "jpress-web"],
        home: "jpress.home",
        config: "jboot.properties",
        purl: None,
    },
];

/// All that are Go programs.
pub(super) const GO_PROGRAMS: &[GoProgram] = &[
    GoProgram {
        name: "Gitea",
        module: "code.gitea.io/gitea",
        variable: "main.Version",
        options: &["-c", "--config"],
        config: &["/etc/gitea/app.ini", "custom/conf/app.ini"],
    },
    GoProgram {
        name: "Grafana",
        module: "github.com/grafana/grafana",
        variable: "main.version",
        options: &["-config", "--config"],
        config: &["/etc/grafana/grafana.ini", "conf/custom.ini", "conf/defaults.ini"],
    },
];
