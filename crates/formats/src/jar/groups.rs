//! Well-known archives whose builds leave no Maven files inside: the group they are published under.
//!
//! The name alone would be a guess, so each line also names a package that must be in the archive.

/// Artifact (a trailing `*` stands for any rest), package inside, group.
const GROUPS: &[(&str, &str, &str)] = &[
    ("aspectjrt", "org/aspectj/", "org.aspectj"),
    ("aspectjweaver", "org/aspectj/", "org.aspectj"),
    ("bcpg-jdk*", "org/bouncycastle/", "org.bouncycastle"),
    ("bcpkix-jdk*", "org/bouncycastle/", "org.bouncycastle"),
    ("bcprov-jdk*", "org/bouncycastle/", "org.bouncycastle"),
    ("bcutil-jdk*", "org/bouncycastle/", "org.bouncycastle"),
    ("h2", "org/h2/", "com.h2database"),
    ("kotlin-reflect", "kotlin/reflect/", "org.jetbrains.kotlin"),
    ("kotlin-stdlib", "kotlin/", "org.jetbrains.kotlin"),
    ("micrometer-core", "io/micrometer/", "io.micrometer"),
    ("mysql-connector-j", "com/mysql/", "com.mysql"),
    ("mysql-connector-java", "com/mysql/", "mysql"),
    ("okhttp", "okhttp3/", "com.squareup.okhttp3"),
    ("reactor-core", "reactor/core/", "io.projectreactor"),
    ("spring-aop", "org/springframework/", "org.springframework"),
    ("spring-aspects", "org/springframework/", "org.springframework"),
    ("spring-beans", "org/springframework/", "org.springframework"),
    ("spring-boot*", "org/springframework/boot/", "org.springframework.boot"),
    ("spring-context", "org/springframework/", "org.springframework"),
    ("spring-context-support", "org/springframework/", "org.springframework"),
    ("spring-core", "org/springframework/", "org.springframework"),
    ("spring-expression", "org/springframework/", "org.springframework"),
    ("spring-jcl", "org/apache/commons/logging/", "org.springframework"),
    ("spring-jdbc", "org/springframework/", "org.springframework"),
    ("spring-jms", "org/springframework/", "org.springframework"),
    ("spring-messaging", "org/springframework/", "org.springframework"),
    ("spring-orm", "org/springframework/", "org.springframework"),
    ("spring-oxm", "org/springframework/", "org.springframework"),
    ("spring-security-*", "org/springframework/security/", "org.springframework.security"),
    ("spring-tx", "org/springframework/", "org.springframework"),
    ("spring-web", "org/springframework/", "org.springframework"),
    ("spring-webflux", "org/springframework/", "org.springframework"),
    ("spring-webmvc", "org/springframework/", "org.springframework"),
    ("spring-websocket", "org/springframework/", "org.springframework"),
    ("tomcat-embed-*", "org/apache/", "org.apache.tomcat.embed"),
    ("tomcat-*", "org/apache/", "org.apache.tomcat"),
];

/// The group of a well-known artifact, proven by a package in the archive.
pub(super) fn known(artifact: &str, holds: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    GROUPS
        .iter()
        .find(|(name, _, _)| match name.strip_suffix('*') {
            Some(prefix) => artifact.starts_with(prefix),
            None => artifact == *name,
        })
        .filter(|(_, package, _)| holds(package))
        .map(|(_, _, group)| *group)
}
