package conformance

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/openvex/go-vex/pkg/vex"
)

const advisory = `{"id":"PYSEC-2025-1","aliases":["CVE-2025-1"],"modified":"2025-02-01T00:00:00Z","published":"2025-01-01T00:00:00Z",
"summary":"acme is broken","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
"affected":[{"package":{"ecosystem":"PyPI","name":"acme"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.5"}]}]}]}`

// scanner runs the binary on a data folder of its own: its output and exit code.
func scanner(t *testing.T, folder string, arguments ...string) ([]byte, int) {
	t.Helper()
	binary := os.Getenv("MUSTER_BINARY")
	if binary == "" {
		t.Skip("MUSTER_BINARY does not name the binary")
	}
	command := exec.Command(binary, append([]string{"--data-dir", filepath.Join(folder, "data")}, arguments...)...)
	var out, words bytes.Buffer
	command.Stdout, command.Stderr = &out, &words
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	t.Log(words.String())
	return out.Bytes(), command.ProcessState.ExitCode()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The library of the format's authors reads what the scanner writes, and what it writes closes what the scanner found.
func TestOpenVEXOfAndForTheReferenceLibrary(t *testing.T) {
	folder := t.TempDir()
	var dump bytes.Buffer
	archive := zip.NewWriter(&dump)
	member, err := archive.Create("PYSEC-2025-1.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = member.Write([]byte(advisory)); err != nil {
		t.Fatal(err)
	}
	if err = archive.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "mirror/PyPI/all.zip"), dump.Bytes())
	list := filepath.Join(folder, "requirements.txt")
	write(t, list, []byte("acme==1.0\nclean==2.0\n"))
	if _, code := scanner(t, folder, "db", "update", "--source", filepath.Join(folder, "mirror")); code != 0 {
		t.Fatal(code)
	}

	text, code := scanner(t, folder, "scan", list, "--format", "openvex")
	if code != 0 {
		t.Fatal(code)
	}
	document, err := vex.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(document.Statements) != 1 || document.ID == "" || document.Timestamp == nil {
		t.Fatalf("%s", text)
	}
	for i := range document.Statements {
		if err := document.Statements[i].Validate(); err != nil {
			t.Fatal(err)
		}
	}
	product := document.Statements[0].Products[0].ID
	for _, part := range []struct {
		purl  string
		found int
	}{{"pkg:pypi/acme@1.0", 1}, {"pkg:pypi/clean@2.0", 0}} {
		for _, name := range []string{"CVE-2025-1", "PYSEC-2025-1"} {
			if found := document.Matches(name, product, []string{part.purl}); len(found) != part.found {
				t.Fatalf("%s in %s: %v", name, part.purl, found)
			}
		}
	}

	// The same decided, and one of the library's own making that names the component as the product.
	document.Statements[0].Status = vex.StatusNotAffected
	document.Statements[0].StatusNotes = ""
	document.Statements[0].Justification = vex.ComponentNotPresent
	own := vex.New()
	own.Author = "the reference library"
	own.Statements = []vex.Statement{{
		Vulnerability: vex.Vulnerability{Name: "CVE-2025-1"},
		Products:      []vex.Product{{Component: vex.Component{ID: "pkg:pypi/acme@1.0"}}},
		Status:        vex.StatusNotAffected,
		Justification: vex.VulnerableCodeNotPresent,
	}}
	if _, err = own.GenerateCanonicalID(); err != nil {
		t.Fatal(err)
	}
	if _, code = scanner(t, folder, "scan", list, "--fail-on", "any"); code != 10 {
		t.Fatal(code)
	}
	for _, decided := range []*vex.VEX{document, &own} {
		var out bytes.Buffer
		if err = decided.ToJSON(&out); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, "decided.json")
		write(t, file, out.Bytes())
		text, code = scanner(t, folder, "scan", list, "--vex", file, "--fail-on", "any", "--format", "openvex")
		if code != 0 {
			t.Fatalf("%d: %s", code, out.String())
		}
		var again struct {
			Statements []struct{ Status string }
		}
		if err = json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if len(again.Statements) != 1 || again.Statements[0].Status != string(vex.StatusNotAffected) {
			t.Fatalf("%s", text)
		}
	}
}
