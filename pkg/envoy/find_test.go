package envoy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fakeEnvoy(t *testing.T, dir, version string) string {
	t.Helper()
	path := filepath.Join(dir, "envoy")
	script := "#!/bin/sh\necho\necho \"$0  version: 9e5580933739775e8bce696a57a2e1bc99368f23/" + version + "/Clean/RELEASE/BoringSSL\"\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFind(t *testing.T) {
	now, old, other := fakeEnvoy(t, t.TempDir(), "1.40.3-dev"), fakeEnvoy(t, t.TempDir(), "1.39.9"), fakeEnvoy(t, t.TempDir(), "2.0.0")
	missing := filepath.Join(t.TempDir(), "envoy")
	for _, tc := range []struct {
		name, configured, env, onPath string
		cached                        []string
		want, err                     string
	}{
		{name: "configured", configured: now, env: old, want: now},
		{name: "configured_too_old", configured: old, env: now, err: "envoy.binary: "},
		{name: "configured_missing", configured: missing, env: now, err: "envoy.binary: "},
		{name: "environment", env: other, onPath: now, want: other},
		{name: "environment_too_old", env: old, onPath: now, err: "ENVOY: " + old + " is Envoy 1.39.9, but 1.40 or newer is needed"},
		{name: "path", onPath: now, cached: []string{other}, want: now},
		{name: "path_too_old", onPath: old, cached: []string{missing, other}, want: other},
		{name: "cached", cached: []string{now}, want: now},
		{name: "nothing", onPath: old, cached: []string{missing}, err: "scripts/envoy.sh"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("ENVOY", tc.env)
			path := "/nonexistent"
			if tc.onPath != "" {
				path = filepath.Dir(tc.onPath)
			}
			t.Setenv("PATH", path+":/bin:/usr/bin")
			b, err := Find(t.Context(), tc.configured, tc.cached...)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil || b.Path != tc.want {
				t.Fatalf("%+v, %v; want %s", b, err, tc.want)
			}
		})
	}
}

func TestEnough(t *testing.T) {
	for v, want := range map[string]bool{"1.40.0": true, "1.40.0-dev": true, "1.41.2": true, "2.0.0": true, "1.39.99": false, "0.99.0": false} {
		if enough(v) != want {
			t.Errorf("enough(%s) = %v", v, !want)
		}
	}
	for _, s := range []string{"", "version: ", "version: abc", "version: abc/x.y/Clean", "envoy 1.40.0"} {
		if v, ok := parseVersion(s); ok {
			t.Errorf("parseVersion(%q) = %q", s, v)
		}
	}
}
