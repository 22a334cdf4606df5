"""Java: pyspark's jars, Flink's bundles, fat jars made by Spring Boot and by the shade plugin, Debian's Java packages."""
import io
import pathlib
import re
import subprocess
import tarfile
import xml.etree.ElementTree as ET
import zipfile

from .record import purl, run, write

SPARK = "3.3.0"
# The modules whose jars the distribution carries: Spark's own assembly and the profiles of its Python package.
SPARK_MODULES = ["core", "sql", "catalyst", "hive", "hive-thriftserver", "yarn", "mesos", "kubernetes", "mllib", "mllib-local", "graphx",
                 "streaming", "repl", "launcher", "tags", "sketch", "unsafe", "kvstore", "network-common", "network-shuffle"]


def gav(group, artifact, version):
    return purl("maven", group, artifact, version)


def own_poms(source):
    """Coordinates of every pom.properties in an archive and the archives in it."""
    found = set()
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            if name.startswith("META-INF/maven/") and name.endswith("/pom.properties"):
                text = archive.read(name).decode("utf-8", "replace")
                fields = dict(re.findall(r"^\s*(groupId|artifactId|version)\s*[=:]\s*(\S+)", text, re.M))
                if len(fields) == 3:
                    found.add((fields["groupId"], fields["artifactId"], fields["version"]))
            elif name.endswith(".jar"):
                found |= own_poms(io.BytesIO(archive.read(name)))
    return found


def project(folder, body, packaging="jar"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>org.example.truth</groupId><artifactId>app</artifactId><version>1.0</version><packaging>{packaging}</packaging>{body}</project>")
    return folder


def dependency(group, artifact, version, scope="compile"):
    return (f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
            f"<scope>{scope}</scope></dependency>")


def resolved(folder, verbose=False):
    """What Maven resolves a project's dependencies to: group, artifact, version, scope."""
    out = folder / "tree.txt"
    run("mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:tree", "-DoutputFile=" + str(out.resolve()),
        f"-Dverbose={str(verbose).lower()}", cwd=folder)
    found = []
    for line in out.read_text().splitlines()[1:]:
        parts = re.sub(r"^[ |+\\-]+\(?", "", line).split(" ")[0].rstrip(")").split(":")
        if len(parts) == 5:
            found.append((parts[0], parts[1], parts[3], parts[4]))
        elif len(parts) == 6:
            found.append((parts[0], parts[1], parts[4], parts[5]))
    return found


def spark(folder, downloads):
    """248 jars. Group and artifact of a jar: what Maven resolves for Spark's modules; what is shaded: the poms inside."""
    jars = folder / "content/jars"
    jars.mkdir(parents=True)
    with tarfile.open(next(downloads.glob("pyspark-*.tar.gz"))) as archive:
        for member in archive:
            if "/deps/jars/" in member.name and member.name.endswith(".jar"):
                (jars / pathlib.Path(member.name).name).write_bytes(archive.extractfile(member).read())
    modules = "".join(dependency("org.apache.spark", f"spark-{name}_2.12", SPARK) for name in SPARK_MODULES)
    names = {}
    for group, artifact, version, _ in resolved(project(folder / "maven", f"<dependencies>{modules}</dependencies>"), verbose=True):
        names.setdefault(f"{artifact}-{version}", set()).add((group, artifact, version))
        names.setdefault(artifact, set()).add((group, artifact, ""))
    expected, unjudged = set(), []
    for jar in sorted(jars.iterdir()):
        inside = own_poms(jar)
        expected |= {gav(*one) for one in inside}
        stem = jar.stem
        own = names.get(stem) or {one for one in inside if f"{one[1]}-{one[2]}" == stem} or names.get(re.sub(r"-(core|nohive|incubating|hadoop2|shaded-protobuf|(?:linux|osx|windows)-.*|tests|all)$", "", stem))
        if not own:
            # Another version than Spark's published modules name: the same artifact of another version has the same group.
            artifact, _, version = re.match(r"(.+?)(-)(\d[\w.+-]*)$", stem).groups()
            own = {(group, artifact, version) for group, *_ in names.get(artifact, ())}
        if len(own) == 1:
            expected |= {gav(*one) for one in own}
        else:
            unjudged.append(jar.name)
    write(folder, [("maven", ["maven"], expected, [])], unjudged=unjudged)


def flink(folder, downloads):
    """Bundles: the NOTICE of each jar lists what is in it."""
    content = folder / "content"
    content.mkdir(parents=True)
    with zipfile.ZipFile(next(downloads.glob("apache*flink*libraries-*.whl"))) as archive:
        for name in archive.namelist():
            if name.endswith(".jar"):
                (content / pathlib.Path(name).name).write_bytes(archive.read(name))
    listed, own = set(), set()
    for jar in content.iterdir():
        own |= own_poms(jar)
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith(".jar"):
                    own.add(("org.apache.flink", pathlib.Path(name).stem, re.search(r"-(\d[\w.]*)\.jar$", jar.name)[1]))
                if name == "META-INF/NOTICE":
                    for line in archive.read(name).decode("utf-8", "replace").splitlines():
                        found = re.match(r"^\s*-\s*([\w.-]+):([\w.-]+):(?:jar:)?([\w.+-]*\d[\w.+-]*)", line)
                        if found:
                            listed.add(gav(*found.groups()))
        # The jar itself, by its name: Flink publishes all of them under one group.
        stem = re.match(r"(.+?)-(\d[\w.]*)$", jar.stem)
        if stem:
            own.add(("org.apache.flink", *stem.groups()))
    write(folder, [("maven", ["maven"], listed, {gav(*one) for one in own})])


SHADED = [("com.google.code.gson", "gson", "2.10.1"), ("org.apache.commons", "commons-lang3", "3.12.0"), ("com.google.guava", "guava", "31.1-jre"),
          ("org.yaml", "snakeyaml", "1.33"), ("com.fasterxml.jackson.core", "jackson-databind", "2.14.2"), ("commons-codec", "commons-codec", "1.15")]


def fat(folder, _downloads):
    """A web application as Spring Boot repacks it: BOOT-INF/lib is what Maven resolves for the runtime."""
    version = "2.7.18"
    starters = "".join(dependency("org.springframework.boot", f"spring-boot-starter-{name}", version)
                       for name in ["web", "data-jpa", "security", "actuator", "thymeleaf", "amqp"])
    starters += dependency("com.h2database", "h2", "1.4.200") + dependency("org.apache.logging.log4j", "log4j-core", "2.14.1")
    plugin = ("<build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId>"
              f"<version>{version}</version><executions><execution><goals><goal>repackage</goal></goals></execution></executions>"
              "</plugin></plugins></build>")
    settings = "<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target></properties>"
    place = project(folder / "maven", f"{settings}<dependencies>{starters}</dependencies>{plugin}")
    (place / "src/main/java/app").mkdir(parents=True, exist_ok=True)
    (place / "src/main/java/app/Main.java").write_text("package app; public class Main { public static void main(String[] a) {} }\n")
    found = [one for one in resolved(place) if one[3] in ("compile", "runtime")]
    run("mvn", "-q", "-B", "package", cwd=place)
    content = folder / "content"
    content.mkdir(parents=True)
    jar = content / "app.jar"
    (place / "target/app-1.0.jar").rename(jar)
    # Its own list of what it packed: starters, which hold nothing, are left out.
    with zipfile.ZipFile(jar) as archive:
        packed = {pathlib.Path(line.strip('- "\n')).name for line in archive.read("BOOT-INF/classpath.idx").decode().splitlines()}
    expected = {gav(*one[:3]) for one in found if f"{one[1]}-{one[2]}.jar" in packed}
    shaded = {gav(*one) for one in own_poms(jar)}
    allowed = {gav("org.example.truth", "app", "1.0"), gav("org.springframework.boot", "spring-boot-loader", version),
               gav("org.springframework.boot", "spring-boot-jarmode-layertools", version)}
    write(folder, [("maven", ["maven"], expected | (shaded - allowed), allowed)])


def shade(folder, relocate):
    """One jar of all the classes, as the shade plugin makes it; relocated and without Maven's files where that is asked for."""
    needs = "".join(dependency(*one) for one in SHADED)
    packages = ["com.google.gson", "org.apache.commons.lang3", "com.google.common", "org.yaml.snakeyaml", "com.fasterxml.jackson", "org.apache.commons.codec"]
    moves = "".join(f"<relocation><pattern>{one}</pattern><shadedPattern>hidden.{one.replace('.', '_')}</shadedPattern></relocation>" for one in packages)
    drop = ("<relocations>" + moves + "</relocations><filters><filter><artifact>*:*</artifact><excludes><exclude>META-INF/**</exclude>"
            "</excludes></filter></filters>") if relocate else ""
    plugin = ("<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-shade-plugin</artifactId><version>3.4.1</version>"
              "<executions><execution><phase>package</phase><goals><goal>shade</goal></goals><configuration>"
              f"<createDependencyReducedPom>false</createDependencyReducedPom>{drop}</configuration></execution></executions></plugin></plugins></build>")
    settings = "<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target></properties>"
    place = project(folder / "maven", f"{settings}<dependencies>{needs}</dependencies>{plugin}")
    (place / "src/main/java/app").mkdir(parents=True, exist_ok=True)
    (place / "src/main/java/app/Main.java").write_text("package app; public class Main { public static void main(String[] a) {} }\n")
    resolved_ = [one for one in resolved(place) if one[3] in ("compile", "runtime")]
    run("mvn", "-q", "-B", "package", cwd=place)
    content = folder / "content"
    content.mkdir(parents=True)
    (place / "target/app-1.0.jar").rename(content / "app.jar")
    return place, resolved_


def shaded(folder, _downloads):
    """Shaded with Maven's files kept: of dependencies without one (guava's failureaccess has one, listenablefuture too) the truth is Maven's."""
    _, found = shade(folder, relocate=False)
    inside = {gav(*one) for one in own_poms(folder / "content/app.jar")}
    write(folder, [("maven", ["maven"], inside - {gav("org.example.truth", "app", "1.0")},
                    {gav(*one[:3]) for one in found} | {gav("org.example.truth", "app", "1.0")})])


def relocated(folder, _downloads):
    """Shaded, packages renamed, every trace of Maven dropped: only the classes can tell. `index/` holds the jars a user has."""
    place, found = shade(folder, relocate=True)
    index = folder / "index"
    index.mkdir()
    run("mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies", f"-DoutputDirectory={index.resolve()}", cwd=place)
    # Other versions of the same, which must not be named.
    others = [("com.google.code.gson", "gson", "2.8.9"), ("com.google.code.gson", "gson", "2.10"), ("org.apache.commons", "commons-lang3", "3.11"),
              ("com.google.guava", "guava", "30.1-jre"), ("org.yaml", "snakeyaml", "1.32"), ("commons-codec", "commons-codec", "1.14"),
              ("com.fasterxml.jackson.core", "jackson-databind", "2.14.1")]
    for group, artifact, version in others:
        run("mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy", f"-Dartifact={group}:{artifact}:{version}:jar",
            f"-DoutputDirectory={index.resolve()}")
    classes = lambda jar: any(name.endswith(".class") for name in zipfile.ZipFile(jar).namelist())
    expected = {gav(*one[:3]) for one in found if classes(index / f"{one[1]}-{one[2]}.jar")}
    # The archive itself has no version left and no group: its name is all there is.
    write(folder, [("maven", ["maven"], expected, {gav("org.example.truth", "app", "1.0"), gav("", "app", "")})], index="index")


def stripped(folder, _downloads):
    """What Maven fetched for the other sets and for itself, without a trace of Maven: the group can only be told by other signs. The
    truth is the folder each lies in. Class files are emptied: their names are what counts."""
    repository, expected = pathlib.Path.home() / ".m2/repository", set()
    for jar in sorted(repository.rglob("*.jar")):
        artifact, version = jar.parent.parent.name, jar.parent.name
        with zipfile.ZipFile(jar) as archive:
            names = archive.namelist()
            shaded_ = sum(name.endswith("/pom.properties") for name in names) > 1
            if jar.name != f"{artifact}-{version}.jar" or shaded_ or not any(name.endswith(".class") for name in names):
                continue
            place = folder / "content" / str(len(expected))
            place.mkdir(parents=True)
            with zipfile.ZipFile(place / jar.name, "w") as out:
                for name in names:
                    if name.endswith(".class"):
                        out.writestr(name, b"")
                    elif name.upper() == "META-INF/MANIFEST.MF":
                        out.writestr(name, archive.read(name))
        expected.add(gav(".".join(jar.parent.parent.parent.relative_to(repository).parts), artifact, version))
    write(folder, [("maven", ["maven"], expected, [])])


DEBIAN = """libcommons-codec-java libcommons-lang3-java libcommons-io-java libcommons-collections3-java libcommons-collections4-java
libcommons-compress-java libcommons-logging-java libcommons-cli-java libcommons-beanutils-java libcommons-digester-java libcommons-fileupload-java
libcommons-pool2-java libcommons-dbcp2-java libcommons-net-java libcommons-text-java libcommons-math3-java libcommons-exec-java libcommons-jexl2-java
libguava-java libgson-java libjackson2-core-java libjackson2-databind-java libjackson2-annotations-java libsnakeyaml-java liblog4j2-java liblog4j1.2-java
libslf4j-java liblogback-java libspring-core-java libspring-beans-java libspring-context-java libspring-web-java libtomcat9-java libjetty9-java
libnetty-java libhttpclient-java libhttpcore-java libxerces2-java libxalan2-java libxstream-java libdom4j-java libjdom1-java libjdom2-java libbcprov-java
libbcpkix-java libasm-java libcglib-java libbyte-buddy-java libobjenesis-java libmockito-java junit4 junit5 libhamcrest-java testng libplexus-utils2-java
libplexus-classworlds-java libmaven3-core-java libmaven-resolver-java libwagon-java libaether-java libguice-java libsisu-inject-java libjsr305-java
libgeronimo-annotation-1.3-spec-java libservlet-api-java libjsp-api-java libel-api-java libwebsocket-api-java libfreemarker-java libvelocity-engine-java
libprotobuf-java libthrift-java libzookeeper-java liblucene4.10-java libhsqldb-java libh2-java libpostgresql-jdbc-java libmariadb-java
libactivation-java libmail-java libjaxb-api-java libjaxb-java libjoda-time-java libreflections-java libjavassist-java libjna-java
librhino-java libbsf-java ant ant-optional ivy groovy""".split()


def debian(folder, _downloads):
    """Packages of Debian, unpacked: `maven-repo` is Debian's own record of what its jars are to Maven."""
    debs, content = folder / "debs", folder / "content"
    debs.mkdir(parents=True)
    content.mkdir()
    for name in DEBIAN:
        # One that a release has dropped is left out; what is there is judged.
        subprocess.run(["apt-get", "download", "-qq", name], cwd=debs, capture_output=True, check=False)
    for deb in debs.glob("*.deb"):
        run("dpkg-deb", "-x", deb, content)
    expected, allowed = set(), set()
    repository = content / "usr/share/maven-repo"
    for jar in repository.rglob("*.jar"):
        group, artifact, version = jar.parent.parent.parent, jar.parent.parent.name, jar.parent.name
        coordinate = gav(".".join(group.relative_to(repository).parts), artifact, version)
        target = content / str(jar.readlink()).lstrip("/") if jar.is_symlink() and str(jar.readlink()).startswith("/") else jar.parent / jar.readlink() if jar.is_symlink() else jar
        if version == "debian" or re.fullmatch(r"\d+(\.\d+)*\.x|\d+", version) or not target.exists():
            allowed.add(coordinate)
        else:
            expected.add(coordinate)
    inside = set()
    for jar in content.rglob("*.jar"):
        if not jar.is_symlink():
            inside |= {gav(*one) for one in own_poms(jar)}
    write(folder, [("maven", ["maven"], expected, allowed | inside)])
