"""Programs: Go's own record (`go version -m`), and what cargo says that it linked."""
import json
import os
import re
import shutil
import sys

from .record import golang, purl, run, write

GO_MAIN = """package main

import (
	"fmt"

	"github.com/gin-gonic/gin"
	"github.com/spf13/cobra"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
	"gopkg.in/yaml.v3"
)

func main() {
	log, _ := zap.NewProduction()
	hash, _ := bcrypt.GenerateFromPassword([]byte("x"), 4)
	text, _ := yaml.Marshal(map[string]int{"a": len(hash)})
	router := gin.New()
	router.GET("/metrics", gin.WrapH(promhttp.Handler()))
	command := &cobra.Command{Use: "x", Run: func(*cobra.Command, []string) { fmt.Println(string(text), log, router) }}
	_ = command.Execute()
}
"""
GO_NEEDS = ["github.com/gin-gonic/gin@v1.8.1", "github.com/spf13/cobra@v1.6.1", "github.com/prometheus/client_golang@v1.14.0", "go.uber.org/zap@v1.24.0",
            "golang.org/x/crypto@v0.6.0", "gopkg.in/yaml.v3@v3.0.1"]
RUST_NEEDS = """regex = "1.9.0"
serde_json = "1.0.100"
tokio = { version = "=1.28.0", features = ["full"] }
hyper = { version = "=0.14.26", features = ["full"] }
clap = { version = "=4.3.0", features = ["derive"] }
rustls = "=0.21.1"
chrono = "=0.4.24"
"""
RUST_MAIN = """use clap::Parser;
#[derive(Parser)]
struct Options { pattern: String }
#[tokio::main]
async fn main() {
    let options = Options::parse();
    let pattern = regex::Regex::new(&options.pattern).unwrap();
    let value: serde_json::Value = serde_json::from_str(&options.pattern).unwrap_or_default();
    let roots = rustls::RootCertStore::empty();
    let config = rustls::ClientConfig::builder().with_safe_defaults().with_root_certificates(roots).with_no_client_auth();
    let client = hyper::Client::new();
    let answer = client.get("http://127.0.0.1:1".parse().unwrap()).await;
    println!("{pattern:?} {value} {} {answer:?} {config:?}", chrono::Utc::now());
}
"""


def go(folder, _downloads):
    """One program three times: as built, without symbols, and with its module record's usual places stripped (`strip`)."""
    source, content = folder / "source", folder / "content"
    source.mkdir(parents=True)
    content.mkdir()
    (source / "main.go").write_text(GO_MAIN)
    run("go", "mod", "init", "example.org/truth", cwd=source)
    run("go", "get", *GO_NEEDS, cwd=source)
    run("go", "mod", "tidy", cwd=source)
    run("go", "build", "-o", content.resolve() / "plain", ".", cwd=source)
    run("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", content.resolve() / "stripped", ".", cwd=source)
    shutil.copy(content / "plain", content / "struck")
    run("strip", content / "struck")
    os.environ["GOOS"] = "windows"
    run("go", "build", "-o", content.resolve() / "program.bin", ".", cwd=source)
    os.environ["GOOS"] = "darwin"
    run("go", "build", "-o", content.resolve() / "mac", ".", cwd=source)
    del os.environ["GOOS"]
    expected, allowed = set(), set()
    for program in sorted(content.iterdir()):
        lines = run("go", "version", "-m", program).splitlines()
        expected.add(purl("golang", "", "stdlib", re.search(r"go(\d[\w.]*)$", lines[0])[1]))
        for line in lines[1:]:
            words = line.split()
            if words[0] == "dep":
                expected.add(golang(words[1], words[2]))
            elif words[0] == "mod":
                allowed |= {golang(words[1], ""), golang(words[1], words[2])}
    write(folder, [("golang", ["golang"], expected, allowed)])


def rust(folder, _downloads):
    """With the record of cargo-auditable: everything. Without it, and stripped: at most what can panic."""
    source = folder / "source"
    (source / "src").mkdir(parents=True)
    (source / "Cargo.toml").write_text(f'[package]\nname = "truth"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\n{RUST_NEEDS}[workspace]\n')
    (source / "src/main.rs").write_text(RUST_MAIN)
    env = {**os.environ, "CARGO_TARGET_DIR": str((folder / "target").resolve())}
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu", cwd=source))
    packages = {one["id"]: one for one in metadata["packages"]}
    nodes = {one["id"]: one for one in metadata["resolve"]["nodes"]}
    linked, todo = set(), [metadata["resolve"]["root"]]
    while todo:
        one = todo.pop()
        if one in linked:
            continue
        linked.add(one)
        macro = any("proc-macro" in target["kind"] for target in packages[one]["targets"])
        for need in nodes[one]["deps"]:
            if not macro and any(kind["kind"] is None for kind in need["dep_kinds"]):
                todo.append(need["pkg"])
    proc = {one for one in linked if any("proc-macro" in target["kind"] for target in packages[one]["targets"])}
    name = lambda one: purl("cargo", "", packages[one]["name"], packages[one]["version"])
    everything = {name(one) for one in packages}
    expected = {name(one) for one in linked - proc} - {purl("cargo", "", "truth", "1.0.0")}
    run("cargo", "build", "--release", "-q", cwd=source, env=env)
    for kind in ["plain", "stripped"]:
        content = folder.parent / f"rust-{kind}" / "content"
        content.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "target/release/truth", content / "truth")
        if kind == "stripped":
            run("strip", content / "truth")
        write(content.parent, [("cargo", ["cargo"], expected, {purl("cargo", "", "truth", "1.0.0")})], evidence="panic paths")
    content = folder / "content"
    content.mkdir(parents=True, exist_ok=True)
    tools = folder / "tools"
    run("cargo", "install", "-q", "--locked", "--root", tools, "cargo-auditable", env=env)
    run(tools / "bin/cargo-auditable", "auditable", "build", "--release", "-q", cwd=source, env={**env, "CARGO_TARGET_DIR": env["CARGO_TARGET_DIR"] + "2"})
    shutil.copy(folder / "target2/release/truth", content / "truth")
    run("strip", content / "truth")
    for left in ["target", "target2"]:
        shutil.rmtree(folder / left)
    # cargo-auditable also lists what ran while building.
    write(folder, [("cargo", ["cargo"], expected, everything)])
