//! The frameworks that are known, and what they are known by. A new one is a line here and a line in the
//! fixture of the tests.

use crate::marker::Told;
use Is::{Composer, Gem, Go, Maven, Npm, Python};
use Told::{Beside, Nowhere, Quoted, Word};

/// A framework.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) language: &'static str,
    /// The packages it comes in.
    pub(super) is: &'static [Is],
    /// The files by which it is known where no package manager is at work.
    pub(super) marks: &'static [Told],
}

/// A package by which a framework is known.
pub(super) enum Is {
    /// Group and artifact. An archive that does not tell its group is known by its artifact.
    Maven(&'static str, &'static str),
    /// Name in the index's spelling.
    Python(&'static str),
    /// Name with scope.
    Npm(&'static str),
    /// `vendor/name`.
    Composer(&'static str),
    /// Name.
    Gem(&'static str),
    /// Module path without the suffix of a major version.
    Go(&'static str),
}

/// A package that was found.
#[derive(Clone, Copy)]
pub(super) enum Found<'a> {
    Maven(&'a str, &'a str),
    Python(&'a str),
    Npm(&'a str),
    Composer(&'a str),
    Gem(&'a str),
    Go(&'a str),
}

impl Is {
    /// Is this the package?
    pub(super) fn covers(&self, found: Found<'_>) -> bool {
        match (self, found) {
            (Maven(group, artifact), Found::Maven(its_group, its_artifact)) => {
                artifact == &its_artifact && (its_group.is_empty() || group == &its_group)
            }
            (Python(name), Found::Python(its)) => *name == muster_formats::python::normal_name(its),
            (Npm(name), Found::Npm(its))
            | (Composer(name), Found::Composer(its))
            | (Gem(name), Found::Gem(its)) => *name == its,
            (Go(path), Found::Go(its)) => its.strip_prefix(path).is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix("/v").is_some_and(|major| {
                        !major.is_empty() && major.bytes().all(|b| b.is_ascii_digit())
                    })
            }),
            _ => false,
        }
    }
}

const fn java(name: &'static str, is: &'static [Is]) -> Rule {
    Rule { name, language: "java", is, marks: &[] }
}

const fn python(name: &'static str, is: &'static [Is], marks: &'static [Told]) -> Rule {
    Rule { name, language: "python", is, marks }
}

const fn php(name: &'static str, is: &'static [Is], marks: &'static [Told]) -> Rule {
    Rule { name, language: "php", is, marks }
}

const fn javascript(name: &'static str, is: &'static [Is]) -> Rule {
    Rule { name, language: "javascript", is, marks: &[] }
}

const fn ruby(name: &'static str, is: &'static [Is]) -> Rule {
    Rule { name, language: "ruby", is, marks: &[] }
}

const fn go(name: &'static str, is: &'static [Is]) -> Rule {
    Rule { name, language: "go", is, marks: &[] }
}

/// All of them.
pub(super) const RULES: &[Rule] = &[
    java("Spring Boot", &[Maven("org.springframework.boot", "spring-boot")]),
    java("Spring Security", &[Maven("org.springframework.security", "spring-security-core")]),
    java(
        "Spring Cloud Gateway",
        &[Maven("org.springframework.cloud", "spring-cloud-gateway-server")],
    ),
    java(
        "Spring",
        &[
            Maven("org.springframework", "spring-core"),
            Maven("org.springframework", "spring-webmvc"),
            Maven("org.springframework", "spring-webflux"),
            Maven("org.springframework", "spring"),
        ],
    ),
    java("Struts2", &[Maven("org.apache.struts", "struts2-core")]),
    java("Struts", &[Maven("org.apache.struts", "struts-core"), Maven("struts", "struts")]),
    java(
        "Shiro",
        &[
            Maven("org.apache.shiro", "shiro-core"),
            Maven("org.apache.shiro", "shiro-web"),
            Maven("org.apache.shiro", "shiro-all"),
        ],
    ),
    java("MyBatis", &[Maven("org.mybatis", "mybatis"), Maven("org.apache.ibatis", "ibatis-core")]),
    java(
        "Hibernate",
        &[
            Maven("org.hibernate", "hibernate-core"),
            Maven("org.hibernate.orm", "hibernate-core"),
            Maven("org.hibernate", "hibernate"),
        ],
    ),
    java(
        "Fastjson",
        &[Maven("com.alibaba", "fastjson"), Maven("com.alibaba.fastjson2", "fastjson2")],
    ),
    java(
        "Jackson",
        &[
            Maven("com.fasterxml.jackson.core", "jackson-databind"),
            Maven("org.codehaus.jackson", "jackson-mapper-asl"),
        ],
    ),
    java("Vert.x", &[Maven("io.vertx", "vertx-core")]),
    java("Quarkus", &[Maven("io.quarkus", "quarkus-core")]),
    java("Micronaut", &[Maven("io.micronaut", "micronaut-http-server")]),
    java("Helidon", &[Maven("io.helidon.webserver", "helidon-webserver")]),
    java("Dropwizard", &[Maven("io.dropwizard", "dropwizard-core")]),
    java("WebWork", &[Maven("com.opensymphony", "webwork"), Maven("opensymphony", "webwork")]),
    java("Quartz", &[Maven("org.quartz-scheduler", "quartz"), Maven("opensymphony", "quartz")]),
    java(
        "Velocity",
        &[
            Maven("org.apache.velocity", "velocity-engine-core"),
            Maven("org.apache.velocity", "velocity"),
            Maven("velocity", "velocity"),
        ],
    ),
    java("Turbine", &[Maven("org.apache.turbine", "turbine"), Maven("turbine", "turbine")]),
    java("FreeMarker", &[Maven("org.freemarker", "freemarker"), Maven("freemarker", "freemarker")]),
    java("Thymeleaf", &[Maven("org.thymeleaf", "thymeleaf")]),
    java("Flexive", &[Maven("com.flexive", "flexive-shared"), Maven("com.flexive", "flexive-ejb")]),
    java("Stripes", &[Maven("net.sourceforge.stripes", "stripes")]),
    java("Vaadin", &[Maven("com.vaadin", "vaadin-server"), Maven("com.vaadin", "flow-server")]),
    java(
        "Wicket",
        &[Maven("org.apache.wicket", "wicket-core"), Maven("org.apache.wicket", "wicket")],
    ),
    java("ZK", &[Maven("org.zkoss.zk", "zk")]),
    java(
        "Jersey",
        &[
            Maven("org.glassfish.jersey.core", "jersey-server"),
            Maven("com.sun.jersey", "jersey-server"),
            Maven("com.sun.jersey", "jersey-core"),
        ],
    ),
    java(
        "RESTEasy",
        &[
            Maven("org.jboss.resteasy", "resteasy-core"),
            Maven("org.jboss.resteasy", "resteasy-jaxrs"),
        ],
    ),
    java("CXF", &[Maven("org.apache.cxf", "cxf-core")]),
    java("Axis2", &[Maven("org.apache.axis2", "axis2-kernel")]),
    java("Tapestry", &[Maven("org.apache.tapestry", "tapestry-core")]),
    java("Grails", &[Maven("org.grails", "grails-core")]),
    java("JFinal", &[Maven("com.jfinal", "jfinal")]),
    java("Dubbo", &[Maven("org.apache.dubbo", "dubbo"), Maven("com.alibaba", "dubbo")]),
    java(
        "Netty",
        &[
            Maven("io.netty", "netty-codec-http"),
            Maven("io.netty", "netty-all"),
            Maven("io.netty", "netty"),
        ],
    ),
    java("GWT", &[Maven("com.google.gwt", "gwt-servlet"), Maven("org.gwtproject", "gwt-servlet")]),
    python("Django REST framework", &[Python("djangorestframework")], &[]),
    python("Django", &[Python("django")], &[]),
    python("Flask", &[Python("flask")], &[]),
    python("FastAPI", &[Python("fastapi")], &[]),
    python("Starlette", &[Python("starlette")], &[]),
    python("Tornado", &[Python("tornado")], &[]),
    python("web.py", &[Python("web-py")], &[]),
    python("web2py", &[Python("web2py")], &[Beside("gluon", "VERSION", "Version ")]),
    python("Bottle", &[Python("bottle")], &[Quoted("bottle.py", "__version__ =")]),
    python("aiohttp", &[Python("aiohttp")], &[]),
    python("Sanic", &[Python("sanic")], &[]),
    python("Pyramid", &[Python("pyramid")], &[]),
    python("Falcon", &[Python("falcon")], &[]),
    python("CherryPy", &[Python("cherrypy")], &[]),
    python("Quart", &[Python("quart")], &[]),
    python("Litestar", &[Python("litestar"), Python("starlite")], &[]),
    php(
        "Laravel",
        &[Composer("laravel/framework"), Composer("laravel/lumen-framework")],
        &[Quoted(
            "vendor/laravel/framework/src/Illuminate/Foundation/Application.php",
            "const VERSION =",
        )],
    ),
    php("Symfony", &[Composer("symfony/framework-bundle"), Composer("symfony/symfony")], &[]),
    php(
        "ThinkPHP",
        &[Composer("topthink/framework")],
        &[
            Quoted("thinkphp/base.php", "'THINK_VERSION',"),
            Quoted("thinkphp/library/think/App.php", "const VERSION ="),
            Quoted("simplewind/thinkphp/base.php", "'THINK_VERSION',"),
            Quoted("ThinkPHP/ThinkPHP.php", "THINK_VERSION"),
            Quoted("ThinkPHP/Common/runtime.php", "'THINK_VERSION',"),
        ],
    ),
    php(
        "CodeIgniter",
        &[Composer("codeigniter4/framework"), Composer("codeigniter/framework")],
        &[
            Quoted("system/core/CodeIgniter.php", "CI_VERSION ="),
            Quoted("system/core/CodeIgniter.php", "'CI_VERSION',"),
            Quoted("system/CodeIgniter.php", "CI_VERSION ="),
        ],
    ),
    php(
        "Yii",
        &[Composer("yiisoft/yii2"), Composer("yiisoft/yii")],
        &[
            Quoted("framework/YiiBase.php", "function getVersion()"),
            Quoted("framework/BaseYii.php", "function getVersion()"),
            Quoted("vendor/yiisoft/yii2/BaseYii.php", "function getVersion()"),
        ],
    ),
    php("CakePHP", &[Composer("cakephp/cakephp")], &[]),
    php("Slim", &[Composer("slim/slim")], &[]),
    php("Laminas", &[Composer("laminas/laminas-mvc")], &[]),
    php(
        "Zend Framework",
        &[Composer("zendframework/zend-mvc"), Composer("zendframework/zendframework")],
        &[Quoted("library/Zend/Version.php", "const VERSION =")],
    ),
    php("Hyperf", &[Composer("hyperf/framework")], &[]),
    php("Webasyst", &[], &[Quoted("wa-system/webasyst/lib/config/app.php", "'version' =>")]),
    php("KYPHP", &[], &[Word("kyphp/kyphp.php", "version"), Nowhere("kyphp/kyphp.php")]),
    php("InitPHP", &[], &[Nowhere("initphp/initphp.php")]),
    php(
        "SpeedPHP",
        &[],
        &[
            Quoted("SpeedPHP.php", "'SP_VERSION',"),
            Quoted("SpeedPHP/SpeedPHP.php", "'SP_VERSION',"),
        ],
    ),
    php("OneThink", &[], &[Quoted("Application/Common/Common/function.php", "ONETHINK_VERSION")]),
    javascript("NestJS", &[Npm("@nestjs/core")]),
    javascript("Express", &[Npm("express")]),
    javascript("Koa", &[Npm("koa")]),
    javascript("Fastify", &[Npm("fastify")]),
    javascript("Next.js", &[Npm("next")]),
    javascript("Nuxt", &[Npm("nuxt"), Npm("nuxt3")]),
    javascript("hapi", &[Npm("@hapi/hapi"), Npm("hapi")]),
    javascript("Egg", &[Npm("egg")]),
    javascript("Sails", &[Npm("sails")]),
    javascript("Strapi", &[Npm("@strapi/strapi"), Npm("strapi")]),
    javascript("AdonisJS", &[Npm("@adonisjs/core")]),
    javascript("Hono", &[Npm("hono")]),
    ruby("Rails", &[Gem("rails"), Gem("railties")]),
    ruby("Sinatra", &[Gem("sinatra")]),
    ruby("Hanami", &[Gem("hanami")]),
    ruby("Grape", &[Gem("grape")]),
    go("Gin", &[Go("github.com/gin-gonic/gin")]),
    go("Echo", &[Go("github.com/labstack/echo")]),
    go(
        "Beego",
        &[
            Go("github.com/beego/beego"),
            Go("github.com/astaxie/beego"),
            Go("github.com/beego/beego-develop"),
        ],
    ),
    go("Fiber", &[Go("github.com/gofiber/fiber")]),
    go("Iris", &[Go("github.com/kataras/iris")]),
    go("Revel", &[Go("github.com/revel/revel")]),
    go("chi", &[Go("github.com/go-chi/chi")]),
    go("Gorilla", &[Go("github.com/gorilla/mux")]),
    go("GoFrame", &[Go("github.com/gogf/gf")]),
    go("go-zero", &[Go("github.com/zeromicro/go-zero")]),
    go("Kratos", &[Go("github.com/go-kratos/kratos")]),
    go("Hertz", &[Go("github.com/cloudwego/hertz")]),
];
