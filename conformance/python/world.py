"""A small real world for the server to find: started before it, gone after it.

nginx with a TLS site whose root is WordPress as Debian packages it, Redis, and a running Java program packed
as Spring Boot packs them. Everything lies in one folder and listens on loopback.
"""
import io
import json
import pathlib
import socket
import subprocess
import zipfile


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)


class World:
    DOMAIN = "shop.example.test"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.processes = []

    def start(self):
        known = {"domain": self.DOMAIN, **self.nginx(), **self.redis(), **self.java()}
        (self.folder / "world.json").write_text(json.dumps(known))

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)

    def spawn(self, *command):
        log = open(self.folder / (pathlib.Path(command[0]).name + ".log"), "wb")
        process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process.pid

    def nginx(self):
        run("apt-get", "download", "-qq", "wordpress", cwd=self.folder)
        (package,) = self.folder.glob("wordpress_*.deb")
        run("dpkg", "-x", package, self.folder / "wordpress")
        root = self.folder / "wordpress/usr/share/wordpress"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem", "-days", "90",
            "-subj", f"/O=Example Shop/CN={self.DOMAIN}", stderr=subprocess.DEVNULL)
        port = free_port()
        configuration = self.folder / "nginx.conf"
        (self.folder / "site.conf").write_text(
            f"server {{ listen 127.0.0.1:{port} ssl; server_name {self.DOMAIN} www.{self.DOMAIN};\n"
            f"  ssl_certificate {self.folder}/certificate.pem; ssl_certificate_key {self.folder}/key.pem;\n"
            f"  root {root}; }}\n")
        configuration.write_text(
            f"pid {self.folder}/nginx.pid; error_log {self.folder}/error.log; daemon off; worker_processes 2;\n"
            f"events {{}} http {{ access_log off; include {self.folder}/site.con*; }}\n")
        pid = self.spawn("/usr/sbin/nginx", "-c", str(configuration))
        return {"nginx_pid": pid, "nginx_port": port, "nginx_configuration": str(configuration), "site_root": str(root)}

    def redis(self):
        port = free_port()
        pid = self.spawn("/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        return {"redis_pid": pid, "redis_port": port}

    def java(self):
        source = self.folder / "Shop.java"
        source.write_text("public class Shop { public static void main(String[] a) throws Exception { Thread.sleep(86400000L); } }\n")
        run("javac", "-d", self.folder / "classes", source)
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nImplementation-Title: spring-core\nImplementation-Version: 5.3.30\n")
            jar.writestr("META-INF/maven/org.springframework/spring-core/pom.properties",
                         "groupId=org.springframework\nartifactId=spring-core\nversion=5.3.30\n")
            jar.writestr("org/springframework/core/SpringVersion.class", b"\xca\xfe\xba\xbe")
        outer = self.folder / "shop-1.4.2.jar"
        with zipfile.ZipFile(outer, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: Shop\nImplementation-Version: 1.4.2\n")
            jar.write(self.folder / "classes/Shop.class", "Shop.class")
            jar.writestr("BOOT-INF/lib/spring-core-5.3.30.jar", inner.getvalue())
        return {"java_pid": self.spawn("java", "-Xmx32m", "-jar", str(outer)), "outer_jar": str(outer)}
