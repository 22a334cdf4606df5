//! Every framework that is known is found, each by a fixture of its own.

use crate::middleware::{maven_jar, pack, process};
use crate::world::World;
use muster_inventory::recognised;
use muster_model::{Column, Kind};
use std::collections::BTreeSet;

/// Framework, group, artifact.
const JAVA: &[(&str, &str, &str)] = &[
    ("Axis2", "org.apache.axis2", "axis2-kernel"),
    ("CXF", "org.apache.cxf", "cxf-core"),
    ("Dropwizard", "io.dropwizard", "dropwizard-core"),
    ("Dubbo", "org.apache.dubbo", "dubbo"),
    ("Fastjson", "com.alibaba", "fastjson"),
    ("Flexive", "com.flexive", "flexive-shared"),
    ("FreeMarker", "org.freemarker", "freemarker"),
    ("GWT", "com.google.gwt", "gwt-servlet"),
    ("Grails", "org.grails", "grails-core"),
    ("Helidon", "io.helidon.webserver", "helidon-webserver"),
    ("Hibernate", "org.hibernate.orm", "hibernate-core"),
    ("JFinal", "com.jfinal", "jfinal"),
    ("Jackson", "com.fasterxml.jackson.core", "jackson-databind"),
    ("Jersey", "org.glassfish.jersey.core", "jersey-server"),
    ("Micronaut", "io.micronaut", "micronaut-http-server"),
    ("MyBatis", "org.mybatis", "mybatis"),
    ("Netty", "io.netty", "netty-codec-http"),
    ("Quarkus", "io.quarkus", "quarkus-core"),
    ("Quartz", "org.quartz-scheduler", "quartz"),
    ("RESTEasy", "org.jboss.resteasy", "resteasy-core"),
    ("Shiro", "org.apache.shiro", "shiro-core"),
    ("Spring", "org.springframework", "spring-core"),
    ("Spring Boot", "org.springframework.boot", "spring-boot"),
    ("Spring Cloud Gateway", "org.springframework.cloud", "spring-cloud-gateway-server"),
    ("Spring Security", "org.springframework.security", "spring-security-core"),
    ("Stripes", "net.sourceforge.stripes", "stripes"),
    ("Struts", "struts", "struts"),
    ("Struts2", "org.apache.struts", "struts2-core"),
    ("Tapestry", "org.apache.tapestry", "tapestry-core"),
    ("Thymeleaf", "org.thymeleaf", "thymeleaf"),
    ("Turbine", "org.apache.turbine", "turbine"),
    ("Vaadin", "com.vaadin", "vaadin-server"),
    ("Velocity", "org.apache.velocity", "velocity-engine-core"),
    ("Vert.x", "io.vertx", "vertx-core"),
    ("WebWork", "com.opensymphony", "webwork"),
    ("Wicket", "org.apache.wicket", "wicket-core"),
    ("ZK", "org.zkoss.zk", "zk"),
];

/// Framework, name as its project spells it.
const PYTHON: &[(&str, &str)] = &[
    ("Bottle", "bottle"),
    ("CherryPy", "CherryPy"),
    ("Django", "Django"),
    ("Django REST framework", "djangorestframework"),
    ("Falcon", "falcon"),
    ("FastAPI", "fastapi"),
    ("Flask", "Flask"),
    ("Litestar", "litestar"),
    ("Pyramid", "pyramid"),
    ("Quart", "Quart"),
    ("Sanic", "sanic"),
    ("Starlette", "starlette"),
    ("Tornado", "tornado"),
    ("aiohttp", "aiohttp"),
    ("web.py", "web.py"),
];

const NPM: &[(&str, &str)] = &[
    ("AdonisJS", "@adonisjs/core"),
    ("Egg", "egg"),
    ("Express", "express"),
    ("Fastify", "fastify"),
    ("Hono", "hono"),
    ("Koa", "koa"),
    ("NestJS", "@nestjs/core"),
    ("Next.js", "next"),
    ("Nuxt", "nuxt"),
    ("Sails", "sails"),
    ("Strapi", "@strapi/strapi"),
    ("hapi", "@hapi/hapi"),
];

const COMPOSER: &[(&str, &str)] = &[
    ("CakePHP", "cakephp/cakephp"),
    ("CodeIgniter", "codeigniter4/framework"),
    ("Hyperf", "hyperf/framework"),
    ("Laminas", "laminas/laminas-mvc"),
    ("Laravel", "laravel/framework"),
    ("Slim", "slim/slim"),
    ("Symfony", "symfony/framework-bundle"),
    ("ThinkPHP", "topthink/framework"),
    ("Yii", "yiisoft/yii2"),
    ("Zend Framework", "zendframework/zendframework"),
];

const GEMS: &[(&str, &str)] =
    &[("Grape", "grape"), ("Hanami", "hanami"), ("Rails", "rails"), ("Sinatra", "sinatra")];

const GO: &[(&str, &str)] = &[
    ("Beego", "github.com/beego/beego/v2"),
    ("Echo", "github.com/labstack/echo/v4"),
    ("Fiber", "github.com/gofiber/fiber/v2"),
    ("Gin", "github.com/gin-gonic/gin"),
    ("GoFrame", "github.com/gogf/gf/v2"),
    ("Gorilla", "github.com/gorilla/mux"),
    ("Hertz", "github.com/cloudwego/hertz"),
    ("Iris", "github.com/kataras/iris/v12"),
    ("Kratos", "github.com/go-kratos/kratos/v2"),
    ("Revel", "github.com/revel/revel"),
    ("chi", "github.com/go-chi/chi/v5"),
    ("go-zero", "github.com/zeromicro/go-zero"),
];

/// Paths and contents.
type Files = &'static [(&'static str, &'static str)];

/// Framework, files below the application's directory, the version they say.
const MARKS: &[(&str, Files, &str)] = &[
    ("Bottle", &[("bottle.py", "__author__ = 'M'\n__version__ = '0.12.25'\n")], "0.12.25"),
    (
        "web2py",
        &[("gluon/main.py", ""), ("VERSION", "Version 2.24.1-stable+timestamp.2023.03.23\n")],
        "2.24.1-stable+timestamp.2023.03.23",
    ),
    (
        "Laravel",
        &[(
            "vendor/laravel/framework/src/Illuminate/Foundation/Application.php",
            "<?php\nclass Application {\n    const VERSION = '10.48.2';\n",
        )],
        "10.48.2",
    ),
    ("ThinkPHP", &[("thinkphp/base.php", "<?php\ndefine('THINK_VERSION', '5.0.24');\n")], "5.0.24"),
    (
        "ThinkPHP",
        &[("ThinkPHP/ThinkPHP.php", "<?php\nconst THINK_VERSION     =   '3.2.3';\n")],
        "3.2.3",
    ),
    (
        "CodeIgniter",
        &[("system/core/CodeIgniter.php", "<?php\n\tconst CI_VERSION = '3.1.13';\n")],
        "3.1.13",
    ),
    (
        "Yii",
        &[(
            "framework/YiiBase.php",
            "<?php\n\tpublic static function getVersion()\n\t{\n\t\treturn '1.1.28';\n",
        )],
        "1.1.28",
    ),
    (
        "Zend Framework",
        &[("library/Zend/Version.php", "<?php\n    const VERSION = '1.12.20';\n")],
        "1.12.20",
    ),
    (
        "Webasyst",
        &[("wa-system/webasyst/lib/config/app.php", "<?php return array('version' => '2.9.0',\n")],
        "2.9.0",
    ),
    ("KYPHP", &[("kyphp/kyphp.php", "<?php\n/**\n * @version  2.0\n */")], "2.0"),
    ("InitPHP", &[("initphp/initphp.php", "<?php")], ""),
    ("SpeedPHP", &[("SpeedPHP/SpeedPHP.php", "<?php\ndefine('SP_VERSION', '3.1.89');")], "3.1.89"),
    (
        "OneThink",
        &[(
            "Application/Common/Common/function.php",
            "<?php\nconst ONETHINK_VERSION    = '1.0.131218';\n",
        )],
        "1.0.131218",
    ),
];

fn names(world: &World) -> BTreeSet<(String, String)> {
    let swept = world.sweep(Kind::WebFramework);
    let text = |fact: &muster_model::Fact, column| fact.text(column).to_owned();
    swept
        .rows
        .iter()
        .map(|row| (text(&row.fact, Column::Name), text(&row.fact, Column::Version)))
        .collect()
}

fn wanted<'a>(names: impl Iterator<Item = &'a str>, version: &str) -> BTreeSet<(String, String)> {
    names.map(|name| (name.to_owned(), version.to_owned())).collect()
}

#[test]
fn java_frameworks_are_found_on_their_own_and_shaded() {
    let world = World::new();
    process(&world, 50, "/usr/bin/java", &["java", "-cp", "/srv/lib/*", "Main"], "/");
    for (_, group, artifact) in JAVA {
        world.write(&format!("/srv/lib/{artifact}-1.2.3.jar"), maven_jar(group, artifact, "1.2.3"));
    }
    assert_eq!(names(&world), wanted(JAVA.iter().map(|rule| rule.0), "1.2.3"));
    // The same in one archive, beside the application's own coordinate.
    let world = World::new();
    process(&world, 50, "/usr/bin/java", &["java", "-jar", "/srv/shop-7.jar"], "/");
    let mut files: Vec<(String, String)> = JAVA
        .iter()
        .map(|(_, group, artifact)| {
            let name = format!("META-INF/maven/{group}/{artifact}/pom.properties");
            (name, format!("groupId={group}\nartifactId={artifact}\nversion=1.2.3\n"))
        })
        .collect();
    files.push((
        "META-INF/maven/g/shop/pom.properties".to_owned(),
        "groupId=g\nartifactId=shop\nversion=7\n".to_owned(),
    ));
    let entries: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    world.write("/srv/shop-7.jar", pack(&entries, zip::CompressionMethod::Deflated));
    assert_eq!(names(&world), wanted(JAVA.iter().map(|rule| rule.0), "1.2.3"));
    let swept = world.sweep(Kind::WebFramework);
    assert!(swept.rows.iter().all(|row| row.fact.flag(Column::IsEmbedded)));
}

#[test]
fn a_framework_without_a_group_is_known_by_its_artifact_and_another_group_is_not_it() {
    let world = World::new();
    process(&world, 50, "/usr/bin/java", &["java", "-cp", "/srv/lib/*", "Main"], "/");
    world.write("/srv/lib/zk-9.6.0.jar", maven_jar("org.example", "zk", "9.6.0"));
    let bare = pack(&[("x", b"")], zip::CompressionMethod::Stored);
    world.write("/srv/lib/struts2-core-2.3.31.jar", bare);
    assert_eq!(names(&world), wanted(["Struts2"].into_iter(), "2.3.31"));
}

#[test]
fn python_and_javascript_frameworks_are_found() {
    let world = World::new();
    process(&world, 60, "/opt/py/bin/python3.11", &["python3", "app.py"], "/");
    process(&world, 70, "/usr/bin/node", &["node", "/srv/app/main.js"], "/");
    for (_, name) in PYTHON {
        let dir = format!("/opt/py/lib/python3.11/site-packages/{name}-1.2.3.dist-info");
        world.write(&format!("{dir}/METADATA"), format!("Name: {name}\nVersion: 1.2.3\n"));
    }
    for (_, name) in NPM {
        let json = format!(r#"{{"name":"{name}","version":"1.2.3"}}"#);
        world.write(&format!("/srv/app/node_modules/{name}/package.json"), json);
    }
    let all = PYTHON.iter().chain(NPM).map(|rule| rule.0);
    assert_eq!(names(&world), wanted(all, "1.2.3"));
}

#[test]
fn php_and_ruby_frameworks_are_found_by_their_lock_files() {
    let world = World::new();
    let packages: Vec<String> = COMPOSER
        .iter()
        .map(|(_, name)| format!(r#"{{"name":"{name}","version":"v1.2.3"}}"#))
        .collect();
    let lock = format!(r#"{{"packages":[{}],"packages-dev":[]}}"#, packages.join(","));
    world.write("/var/www/shop/composer.lock", lock);
    let gems: String = GEMS.iter().map(|(_, name)| format!("    {name} (1.2.3)\n")).collect();
    world.write("/srv/app/Gemfile.lock", format!("GEM\n  specs:\n{gems}\nPLATFORMS\n  ruby\n"));
    let all = COMPOSER.iter().chain(GEMS).map(|rule| rule.0);
    assert_eq!(names(&world), wanted(all, "1.2.3"));
}

#[test]
fn php_frameworks_are_found_by_their_marker_files() {
    let world = World::new();
    for (at, (_, files, _)) in MARKS.iter().enumerate() {
        for (file, content) in *files {
            world.write(&format!("/var/www/html/site{at:02}/{file}"), content);
        }
    }
    let all: BTreeSet<(String, String)> = MARKS
        .iter()
        .map(|(name, _, version)| ((*name).to_owned(), (*version).to_owned()))
        .collect();
    assert_eq!(names(&world), all);
}

/// An ELF file with one writable segment that holds Go's list of modules.
pub(crate) fn go_program(list: &str) -> Vec<u8> {
    let list = format!("0123456789abcdef{list}0123456789abcdef");
    let mut payload = b"\xff Go buildinf:\x08\x02".to_vec();
    payload.extend([0; 16]);
    payload.extend([8]);
    payload.extend(b"go1.21.3");
    let mut length = list.len();
    while length >= 0x80 {
        payload.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    payload.push(u8::try_from(length).unwrap());
    payload.extend(list.as_bytes());
    let mut elf = vec![0; 128];
    elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
    elf[32] = 64;
    elf[54] = 56;
    elf[56] = 1;
    elf[64] = 1;
    elf[68] = 6;
    elf[72] = 128;
    elf[80..88].copy_from_slice(&0x40_0000_u64.to_le_bytes());
    elf[96..104].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    elf.extend(payload);
    elf
}

#[test]
fn go_frameworks_are_found_in_running_programs() {
    let world = World::new();
    process(&world, 80, "/usr/local/bin/api", &["api"], "/");
    let mut list = "path\tx.org/api\nmod\tx.org/api\t(devel)\t\n".to_owned();
    for (_, module) in GO {
        list.push_str(&format!("dep\t{module}\tv1.2.3\th1:x=\n"));
    }
    world.write("/usr/local/bin/api", go_program(&list));
    assert_eq!(names(&world), wanted(GO.iter().map(|rule| rule.0), "1.2.3"));
    let swept = world.sweep(Kind::WebFramework);
    assert!(swept.rows.iter().all(|row| row.volatile.pid == Some(80)));
}

#[test]
fn every_known_framework_has_a_fixture() {
    let known: BTreeSet<&str> = recognised()
        .filter(|(kind, _)| *kind == Kind::WebFramework)
        .map(|(_, name)| name)
        .collect();
    let tried: BTreeSet<&str> = JAVA
        .iter()
        .map(|rule| rule.0)
        .chain([PYTHON, NPM, COMPOSER, GEMS, GO].into_iter().flatten().map(|rule| rule.0))
        .chain(MARKS.iter().map(|rule| rule.0))
        .collect();
    assert_eq!(known, tried);
}
