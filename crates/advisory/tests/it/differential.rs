//! Every order that has a reference program here is asked the same questions as that program. `scripts/test-deps`
//! installs them; a missing one fails the test.

use muster_advisory::Scheme;
use std::cmp::Ordering;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Pairs of a run.
const PAIRS: usize = 20_000;

/// A small generator of our own: the same questions in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// A version: numbers parted by dots, then up to `most` of the given pieces.
fn version(random: &mut Random, numbers: &[&str], pieces: &[&str], most: usize) -> String {
    let mut text = random.pick(numbers).to_owned();
    for _ in 0..random.below(4) {
        text.push('.');
        text.push_str(random.pick(numbers));
    }
    for _ in 0..random.below(most + 1) {
        text.push_str(random.pick(pieces));
    }
    text
}

fn pairs(numbers: &[&str], pieces: &[&str], most: usize) -> Vec<(String, String)> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    (0..PAIRS)
        .map(|_| {
            let left = version(&mut random, numbers, pieces, most);
            // Half of the pairs differ in their end only: that is where orders differ.
            let right = if random.below(2) == 0 {
                version(&mut random, numbers, pieces, most)
            } else {
                let cut = random.below(left.len()).max(1);
                format!("{}{}", &left[..cut], random.pick(pieces))
            };
            (left, right)
        })
        .collect()
}

/// Asks the program, which reads `left TAB right` lines and answers each with `-1`, `0`, `1` or `?`.
fn ask(mut command: Command, pairs: &[(String, String)]) -> Vec<Option<Ordering>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the reference program: run scripts/test-deps");
    let mut input = child.stdin.take().unwrap();
    let text: String = pairs.iter().map(|(l, r)| format!("{l}\t{r}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers: Vec<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| match line {
            "-1" => Some(Ordering::Less),
            "0" => Some(Ordering::Equal),
            "1" => Some(Ordering::Greater),
            _ => None,
        })
        .collect();
    assert_eq!(answers.len(), pairs.len(), "one answer a pair");
    answers
}

#[expect(clippy::disallowed_methods, reason = "the reference programs are run")]
fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

fn agree(scheme: Scheme, pairs: &[(String, String)], answers: &[Option<Ordering>]) {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for ((left, right), answer) in pairs.iter().zip(answers) {
        let Some(answer) = answer else { continue };
        compared += 1;
        let ours = scheme.compare(left, right);
        if ours != Some(*answer) {
            wrong.push(format!("{left} {right}: reference {answer:?}, ours {ours:?}"));
        }
    }
    assert!(compared > PAIRS / 4, "{scheme:?}: only {compared} pairs were comparable");
    assert!(
        wrong.is_empty(),
        "{scheme:?}: {} of {compared} differ\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

const NUMBERS: [&str; 8] = ["0", "1", "2", "9", "10", "11", "100", "20240101"];

#[test]
fn debian_as_dpkg() {
    let pieces =
        ["~", "~rc1", "-1", "-2", "+dfsg", "+deb12u1", "a", "b", ".", "-0", "0", "+b1", "~bpo12+1"];
    let pairs = pairs(&NUMBERS, &pieces, 3);
    // Perl's bindings come with dpkg and hold the same rule; dpkg itself would be a process a question.
    let script = r#"use Dpkg::Version; while (<STDIN>) { chomp; my ($l, $r) = map { Dpkg::Version->new($_) } split /\t/;
        print(($l->is_valid && $r->is_valid ? version_compare("$l", "$r") : "?") . "\n") }"#;
    agree(Scheme::Debian, &pairs, &ask(program("perl", &["-e", script]), &pairs));
    // That the bindings speak for dpkg.
    for (left, right) in pairs.iter().take(60) {
        let ours = Scheme::Debian.compare(left, right);
        let less = program("dpkg", &["--compare-versions", left, "lt", right])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(ours == Some(Ordering::Less), less.success(), "{left} {right}");
    }
}

#[test]
fn rpm_as_rpm() {
    let pieces = ["~rc1", "^git1", "-1", "-2.el9", "a", "_b", ".", "~", "^", "rc", "-0.1"];
    let pairs: Vec<_> = pairs(&NUMBERS, &pieces, 3)
        .into_iter()
        .filter(|(l, r)| {
            [l, r]
                .iter()
                .all(|v| v.matches('-').count() == 1 && !v.ends_with('-') && !v.contains("-."))
        })
        .collect();
    let mut answers = Vec::new();
    for chunk in pairs.chunks(500) {
        let questions: String =
            chunk.iter().map(|(l, r)| format!("print(rpm.vercmp('{l}','{r}')..'\\n') ")).collect();
        let output = program("rpm", &["--eval", &format!("%{{lua: {questions}}}")])
            .output()
            .expect("rpm: run scripts/test-deps");
        let text = String::from_utf8(output.stdout).unwrap();
        answers.extend(text.lines().filter_map(|line| Some(line.parse::<i32>().ok()?.cmp(&0))));
    }
    assert_eq!(answers.len(), pairs.len());
    let compared = pairs.len();
    let wrong: Vec<_> = pairs
        .iter()
        .zip(&answers)
        .filter(|((l, r), answer)| Scheme::Rpm.compare(l, r) != Some(**answer))
        .collect();
    assert!(
        compared > 500 && wrong.is_empty(),
        "{} of {compared}: {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
}

#[test]
fn python_as_packaging() {
    let pieces = [
        "a1", "b2", "rc1", ".post1", ".dev3", "-1", "+local.1", "+1", "c1", "_beta", ".alpha.2",
        "-rev2", "dev",
    ];
    let pairs = pairs(&NUMBERS, &pieces, 3);
    let script = "
import sys
from packaging.version import Version, InvalidVersion
for line in sys.stdin:
    l, r = line.rstrip('\\n').split('\\t')
    try:
        l, r = Version(l), Version(r)
        print((l > r) - (l < r))
    except InvalidVersion:
        print('?')
";
    let python = venv().unwrap_or_else(|| PathBuf::from("python3"));
    agree(
        Scheme::Pypi,
        &pairs,
        &ask(program(&python.display().to_string(), &["-c", script]), &pairs),
    );
}

#[test]
fn npm_as_node_semver() {
    let pieces = ["-0", "-alpha", "-alpha.1", "-rc.10", "-rc.9", "+build", "-a-b", ".1", "-1.0"];
    let numbers = ["0", "1", "2", "9", "10", "100"];
    let pairs: Vec<_> =
        pairs(&numbers, &pieces, 1).into_iter().map(|(l, r)| (three(&l), three(&r))).collect();
    let root = program("npm", &["root", "-g"]).output().expect("npm: run scripts/test-deps");
    let root = String::from_utf8(root.stdout).unwrap();
    let script = format!(
        "const s = require('{}/npm/node_modules/semver');
        for (const line of require('fs').readFileSync(0, 'utf8').trimEnd().split('\\n')) {{
            const [l, r] = line.split('\\t');
            console.log(s.valid(l) && s.valid(r) ? String(s.compare(l, r)) : '?');
        }}",
        root.trim()
    );
    agree(Scheme::Semver, &pairs, &ask(program("node", &["-e", &script]), &pairs));
}

/// Exactly three numbers, as semantic versions want them.
fn three(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut numbers: Vec<&str> = numbers.trim_end_matches('.').split('.').collect();
    numbers.resize(3, "0");
    format!("{}{rest}", numbers.join("."))
}

#[test]
fn rubygems_as_ruby() {
    let pieces = [".a", ".rc1", ".pre", ".b2", "-1", ".0", ".beta.1", "a"];
    let pairs = pairs(&NUMBERS, &pieces, 3);
    let script = "STDIN.each_line { |line| l, r = line.chomp.split(\"\\t\");
        ok = Gem::Version.correct?(l) && Gem::Version.correct?(r);
        puts(ok ? (Gem::Version.new(l) <=> Gem::Version.new(r)) : '?') }";
    agree(Scheme::RubyGems, &pairs, &ask(program("ruby", &["-e", script]), &pairs));
}

#[test]
fn composer_as_composer() {
    let pieces =
        ["-alpha1", "-beta", "-RC2", "-dev", "-p1", "a1", "-beta.2", "+build", "-patch", "-stable"];
    let numbers = ["0", "1", "2", "9", "10", "11", "100"];
    let pairs = pairs(&numbers, &pieces, 2);
    let script = "require '/usr/share/php/Composer/Semver/autoload.php';
        $p = new Composer\\Semver\\VersionParser();
        while (($line = fgets(STDIN)) !== false) {
            [$l, $r] = explode(\"\\t\", rtrim($line, \"\\n\"));
            try { echo version_compare($p->normalize($l), $p->normalize($r)), \"\\n\"; }
            catch (UnexpectedValueException $e) { echo \"?\\n\"; }
        }";
    agree(Scheme::Composer, &pairs, &ask(program("php", &["-r", script]), &pairs));
}

#[test]
fn maven_as_comparable_version() {
    let pieces = [
        "-alpha",
        "-alpha-1",
        "-beta2",
        "-rc1",
        "-SNAPSHOT",
        ".Final",
        "-sp1",
        "-jre",
        "-1",
        "-2",
        ".RELEASE",
        "-b01",
        "-m3",
        "-redhat-1",
        ".v20190101",
        "-M1",
    ];
    let pairs: Vec<_> = pairs(&NUMBERS, &pieces, 2)
        .into_iter()
        .filter(|(l, r)| ![l, r].into_iter().any(|version| undecided(version)))
        .collect();
    let jar = maven_artifact();
    let source = "
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Ask {
    public static void main(String[] a) throws Exception {
        var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        var out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            String[] pair = line.split(\"\\t\");
            out.append(Integer.signum(new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1])))).append('\\n');
        }
        System.out.print(out);
    }
}";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Ask.java");
    std::fs::write(&file, source).unwrap();
    let command =
        program("java", &["-cp", &jar.display().to_string(), &file.display().to_string()]);
    agree(Scheme::Maven, &pairs, &ask(command, &pairs));
}

/// Whether Maven's published orders contradict each other or themselves here: a word after a dot that is not the
/// last item (`1.sp.1`, `1.Final-x`), and empty items.
fn undecided(version: &str) -> bool {
    let inner_word = version.split('.').skip(1).any(|item| {
        let starts_with_word = item.starts_with(|c: char| c.is_ascii_alphabetic());
        starts_with_word && (item.contains('-') || !version.ends_with(item))
    });
    inner_word || ["--", "..", ".-", "-."].iter().any(|pair| version.contains(pair))
}

#[test]
fn go_as_x_mod_semver() {
    let pieces = [
        "-0.20200101000000-abcdefabcdef",
        "-rc.1",
        "-rc.2",
        "-pre",
        "+incompatible",
        "-alpha.0.20210101000000-abcdefabcdef",
    ];
    let numbers = ["0", "1", "2", "9", "10", "100"];
    let pairs: Vec<_> = pairs(&numbers, &pieces, 1)
        .into_iter()
        .map(|(l, r)| (format!("v{}", three(&l)), format!("v{}", three(&r))))
        .collect();
    let source = "package main
import (\"bufio\"; \"fmt\"; \"os\"; \"strings\"; \"golang.org/x/mod/semver\")
func main() {
    in := bufio.NewScanner(os.Stdin)
    for in.Scan() {
        p := strings.Split(in.Text(), \"\\t\")
        if semver.IsValid(p[0]) && semver.IsValid(p[1]) { fmt.Println(semver.Compare(p[0], p[1])) } else { fmt.Println(\"?\") }
    }
}";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.go"), source).unwrap();
    std::fs::write(
        folder.path().join("go.mod"),
        "module ask\n\ngo 1.21\n\nrequire golang.org/x/mod v0.17.0\n",
    )
    .unwrap();
    let mut command = program("go", &["run", "-mod=mod", "."]);
    command.current_dir(folder.path());
    agree(Scheme::Go, &pairs, &ask(command, &pairs));
}

/// The interpreter of the conformance tests, which has `packaging`.
fn venv() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/.venv/bin/python");
    python.exists().then_some(python)
}

/// maven-artifact from the local repository, where `scripts/test-deps` puts it.
fn maven_artifact() -> PathBuf {
    let home = std::env::home_dir().unwrap();
    home.join(
        ".m2/repository/org/apache/maven/maven-artifact/4.0.0-rc-5/maven-artifact-4.0.0-rc-5.jar",
    )
}
