package main

import (
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/signalbox-dev/signalbox/pkg/gateway"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/xds"
)

const (
	composeFile   = "docker-compose.yaml"
	composeConfig = "examples/compose/signalbox.yaml"
)

// composition is what the tests read of docker-compose.yaml.
type composition struct {
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image       string                                `yaml:"image"`
	Build       *struct{ Context, Dockerfile string } `yaml:"build"`
	Entrypoint  []string                              `yaml:"entrypoint"`
	Command     []string                              `yaml:"command"`
	Environment map[string]string                     `yaml:"environment"`
	User        string                                `yaml:"user"`
	Ports       []string                              `yaml:"ports"`
	Volumes     []string                              `yaml:"volumes"`
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck *struct{ Test []string }              `yaml:"healthcheck"`
	Restart     string                                `yaml:"restart"`
}

func compose(t *testing.T) composition {
	t.Helper()
	text, err := os.ReadFile(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// load compiles a configuration, as `signalbox check` does.
func load(t *testing.T, file string) *policy.Snapshot {
	t.Helper()
	s, _, err := gateway.Load(file, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestComposeStartsTheSame compares the containers with what `make run` starts:
// providers by their flags, and nothing missing.
func TestComposeStartsTheSame(t *testing.T) {
	c := compose(t)
	want := []string{"collector", "envoy", "jaeger", "prepare", "signalbox"}
	for _, d := range doubles() {
		name := d.options.Name
		want = append(want, name)
		got, listen := simulated(t, c.Services[name].Command)
		wanted := d.options
		wanted.Key = ""
		if wanted.Dialect == "" {
			wanted.Dialect = provider.OpenAI
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if _, port, _ := strings.Cut(d.address, ":"); listen != "0.0.0.0:"+port {
			t.Errorf("%s listens on %s, `make run` has it on %s", name, listen, d.address)
		}
		key := c.Services[name].Environment["SIMPROVIDER_KEY"]
		if key != "simulated-"+name || c.Services["signalbox"].Environment[d.key] != key {
			t.Errorf("%s wants key %q, signalbox has %q", name, key, c.Services["signalbox"].Environment[d.key])
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(c.Services))); diff != "" {
		t.Errorf("services: %s", diff)
	}
}

// simulated reads the command of a simulated provider.
func simulated(t *testing.T, command []string) (provider.Options, string) {
	t.Helper()
	if len(command) == 0 || command[0] != "simprovider" {
		t.Fatalf("command %q", command)
	}
	var o provider.Options
	fs := flag.NewFlagSet("simprovider", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	listen := fs.String("listen", "", "")
	models := fs.String("models", "", "")
	dialect := fs.String("dialect", "openai", "")
	fs.StringVar(&o.Name, "name", "", "")
	fs.StringVar(&o.BasePath, "base", "", "")
	fs.StringVar(&o.Header, "header", "", "")
	if err := fs.Parse(command[1:]); err != nil {
		t.Fatal(err)
	}
	o.Models, o.Dialect = strings.Split(*models, ","), provider.Dialect(*dialect)
	return o, *listen
}

// TestComposeConfiguration compares the two configurations: only addresses,
// state and telemetry may differ.
func TestComposeConfiguration(t *testing.T) {
	a, b := load(t, filepath.Join(here, template)), load(t, composeConfig)
	for name, backend := range b.Backends {
		if backend.Host != name {
			t.Errorf("backend %s is at %s", name, backend.Host)
		}
	}
	for _, c := range []struct {
		what string
		a, b any
	}{
		{"backends", a.Backends, b.Backends}, {"models", a.Models, b.Models}, {"routes", a.Routes, b.Routes}, {"teams", a.Teams, b.Teams}, {"classes", a.Classes, b.Classes},
	} {
		if diff := cmp.Diff(c.a, c.b, butHosts()); diff != "" {
			t.Errorf("%s: %s", c.what, diff)
		}
	}
	c := compose(t)
	for service, address := range map[string]string{"envoy": b.Envoy.Listen, "signalbox": b.Admin.Listen} {
		port := strings.TrimPrefix(address, "0.0.0.0:")
		if want := []string{"127.0.0.1:" + port + ":" + port}; !slices.Equal(c.Services[service].Ports, want) {
			t.Errorf("%s publishes %v, want %v", service, c.Services[service].Ports, want)
		}
	}
	for _, p := range []struct{ local, container string }{{a.Envoy.Listen, b.Envoy.Listen}, {a.Admin.Listen, b.Admin.Listen}} {
		if strings.TrimPrefix(p.local, "127.0.0.1") != strings.TrimPrefix(p.container, "0.0.0.0") {
			t.Errorf("%s here, %s there", p.local, p.container)
		}
	}
	if want := append([]string{"-c", "/state/envoy/bootstrap.json", "-l", "warning"}, xds.Flags(b)...); !slices.Equal(c.Services["envoy"].Command, want) {
		t.Errorf("envoy is run with %q, want %q", c.Services["envoy"].Command, want)
	}
}

// butHosts compares everything, what packages keep to themselves too, but the
// hosts of backends.
func butHosts() cmp.Options {
	hosts := cmp.FilterPath(func(p cmp.Path) bool {
		field := p.Last().String()
		return field == ".Host" || field == ".Authority"
	}, cmp.Ignore())
	return cmp.Options{hosts, cmp.Exporter(func(reflect.Type) bool { return true })}
}

// TestComposeHoldsTogether checks what `docker compose` would only say when it
// runs: files, references, tags, health checks, and that no secret is inside.
func TestComposeHoldsTogether(t *testing.T) {
	c := compose(t)
	for name, s := range c.Services {
		checkImage(t, name, s)
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			_, err := os.Stat(from)
			if _, named := c.Volumes[from]; !named && err != nil {
				t.Errorf("%s mounts %s: %v", name, v, err)
			}
		}
		for on, how := range s.DependsOn {
			other, ok := c.Services[on]
			if !ok || how.Condition == "service_healthy" && other.Healthcheck == nil || how.Condition == "service_completed_successfully" && other.Restart != "no" {
				t.Errorf("%s depends on %s, %s: %+v", name, on, how.Condition, other)
			}
		}
		for variable, value := range s.Environment {
			if strings.HasSuffix(variable, "_KEY") && !strings.HasPrefix(value, "simulated-") {
				t.Errorf("%s has a secret in %s", name, variable)
			}
		}
		if s.Healthcheck == nil && name != "prepare" && name != "collector" {
			t.Errorf("%s has no health check", name)
		}
	}
	var collector struct {
		Exporters map[string]struct{ Endpoint string }
	}
	text, err := os.ReadFile("examples/compose/collector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &collector); err != nil || collector.Exporters["otlp"].Endpoint != "jaeger:4317" {
		t.Errorf("collector: %v %+v", err, collector)
	}
	if got := load(t, composeConfig).Telemetry.OTLP.Endpoint; got != "collector:4317" {
		t.Errorf("traces go to %q", got)
	}
}

func checkImage(t *testing.T, name string, s service) {
	t.Helper()
	_, tag, _ := strings.Cut(s.Image, ":")
	if tag == "" || tag == "latest" {
		t.Errorf("%s: image %q is not pinned", name, s.Image)
	}
	if s.Build == nil {
		return
	}
	text, err := os.ReadFile(filepath.Join(s.Build.Context, s.Build.Dockerfile))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) > 1 && words[0] == "FROM" && (!strings.Contains(words[1], ":") || strings.HasSuffix(words[1], ":latest")) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// TestComposeByDocker has the real thing read the file, where it is there.
func TestComposeByDocker(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "docker", "compose", "version").Run(); err != nil {
		t.Skipf("no docker compose here: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "docker", "compose", "-f", composeFile, "config", "--quiet").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
