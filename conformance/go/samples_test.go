package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const page = "../../../shared/reference/hss-export-asset-fingerprints.en.txt"

// The sample of the reference page calls os.Getenv and does not import os, so as printed it cannot be compiled.
// A second file of its package gives it what it names, and the sample itself stays as it is.
const forgotten = `package main

import system "os"

var os environment

type environment struct{}

func (environment) Getenv(name string) string { return system.Getenv(name) }
`

// The sample program runs with nothing but its placeholders replaced.
func TestTheSampleOfTheReferencePageReachesUs(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("this test did NOT run: the reference page is not here: %v", err)
		}
		t.Fatalf("the reference page is not here: %v", err)
	}
	_, sample, found := strings.Cut(string(text), "\npackage main\n")
	if !found {
		t.Fatal("the page has no Go sample")
	}
	sample, _, found = strings.Cut(sample, "\n}\n\nFor SDK sample code")
	if !found {
		t.Fatal("the page's Go sample does not end where it used to")
	}
	sample = "package main\n" + sample + "\n}\n"
	keys := known(t)
	sample = strings.NewReplacer("{project_id}", keys.ProjectID, "<YOUR REGION>", keys.Region).Replace(sample)

	// Within this module, so that it is built against the SDK these tests pin.
	folder, err := os.MkdirTemp(".", "sample")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	for name, content := range map[string]string{"main.go": sample, "forgotten.go": forgotten} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "run", "./"+folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// It names no type to export: what it prints is the service's answer to that.
	for _, part := range []string{"400", "HSS.0001", "asset_type"} {
		if !strings.Contains(string(out), part) {
			t.Fatalf("%q is not in %s", part, out)
		}
	}
}
