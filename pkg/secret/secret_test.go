package secret_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/secret"
)

const planted = "sk-planted-secret"

// holder has a secret where fmt does not ask for methods.
type holder struct {
	Open   secret.Value
	hidden secret.Value
	ptr    *secret.Value
	list   []secret.Value
	byName map[string]secret.Value
	any    any
}

func TestValueIsNeverPrinted(t *testing.T) {
	v := secret.New(planted)
	h := holder{v, v, &v, []secret.Value{v}, map[string]secret.Value{"k": v}, v}
	values := map[string]any{
		"value": v, "pointer": &v, "slice": []secret.Value{v}, "map": map[string]secret.Value{"k": v},
		"struct": h, "struct_pointer": &h, "structs": []holder{h}, "pointers": []*holder{&h}, "error": fmt.Errorf("with %v", v),
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%c", "%e", "%U", "%-40s", "%.3s", "% x", "%w", "%z"}
	for name, x := range values {
		for _, verb := range verbs {
			out := fmt.Sprintf(verb, x) //nolint:govet // the wrong verbs are the point
			if leaks(out) {
				t.Errorf("%s with %s: %s", name, verb, out)
			}
		}
		for _, out := range []string{fmt.Sprint(x), fmt.Sprintln(x), encoded(x), logged(x)} {
			if leaks(out) {
				t.Errorf("%s: %s", name, out)
			}
		}
	}
	for _, out := range []string{fmt.Sprint(v), fmt.Sprintf("%#v", v), fmt.Sprintf("%d", v), v.String(), v.LogValue().String()} {
		if out != "[redacted]" {
			t.Errorf("printed as %q", out)
		}
	}
}

// leaks looks for the secret as it is, in hexadecimal and as a list of bytes.
func leaks(out string) bool {
	lower := strings.ToLower(out)
	for _, form := range []string{planted, fmt.Sprintf("%x", planted), fmt.Sprintf("% x", planted), strings.Trim(fmt.Sprint([]byte(planted)), "[]"), "sk-"} {
		if strings.Contains(lower, form) {
			return true
		}
	}
	return false
}

func encoded(x any) string {
	b, _ := json.Marshal(x) // some of the values cannot be encoded
	return string(b)
}

func logged(x any) string {
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("m", "x", x, slog.Any("y", x), slog.Group("g", "z", x))
	}
	return b.String()
}

func TestValue(t *testing.T) {
	v, w := secret.New("a"), secret.New("a")
	if !v.Equal(w) || v.Equal(secret.New("b")) || v.Equal(secret.Value{}) || v.Empty() || v.Reveal() != "a" {
		t.Error("a secret is not itself")
	}
	if e := secret.New(""); !e.Empty() || e.Reveal() != "" || !e.Equal(secret.Value{}) || e.String() != "[redacted]" {
		t.Error("the empty secret is not empty")
	}
	if diff := cmp.Diff(secret.New(planted), secret.New(planted+"2")); diff == "" || leaks(diff) {
		t.Errorf("difference: %s", diff)
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("SECRET_TEST", planted)
	t.Setenv("SECRET_EMPTY", "")
	t.Setenv("SECRET_LINES", "sk-a\nsk-b")
	for _, c := range []struct {
		name string
		ref  secret.Ref
		want string
		err  string
	}{
		{"env", secret.Ref{Env: "SECRET_TEST"}, planted, ""},
		{"env_unset", secret.Ref{Env: "SECRET_NOT_SET"}, "", "secret from env SECRET_NOT_SET: the variable is not set"},
		{"env_empty", secret.Ref{Env: "SECRET_EMPTY"}, "", "secret from env SECRET_EMPTY: it is empty"},
		{"env_lines", secret.Ref{Env: "SECRET_LINES"}, "", "secret from env SECRET_LINES: it holds a control character or a line end; a secret is one line"},
		{"file", secret.Ref{File: file("plain", planted)}, planted, ""},
		{"file_newline", secret.Ref{File: file("newline", planted+"\r\n\n")}, planted, ""},
		{"file_spaces", secret.Ref{File: file("spaces", " a b ")}, " a b ", ""},
		{"file_missing", secret.Ref{File: filepath.Join(dir, "none")}, "", "secret from file " + filepath.Join(dir, "none") + ": no such file or directory"},
		{"file_long", secret.Ref{File: file("long", strings.Repeat("s", 1<<17))}, "", "secret from file " + filepath.Join(dir, "long") + ": longer than 65536 bytes"},
		{"file_is_folder", secret.Ref{File: dir}, "", "secret from file " + dir + ": is a directory"},
		{"command", secret.Ref{Command: []string{"printf", "%s\n", planted}}, planted, ""},
		{"command_no_shell", secret.Ref{Command: []string{"echo", "$HOME;`id`"}}, "$HOME;`id`", ""},
		{"command_fails", secret.Ref{Command: []string{"sh", "-c", "echo sk-out; echo sk-err >&2; exit 3"}}, "", "secret from command sh: it ended with exit status 3"},
		{"command_silent", secret.Ref{Command: []string{"true"}}, "", "secret from command true: it is empty"},
		{"command_long", secret.Ref{Command: []string{"head", "-c", "1000000", "/dev/zero"}}, "", "secret from command head: longer than 65536 bytes"},
		{"none", secret.Ref{}, "", "secret from no reference: name one of env, file and command"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := c.ref.Resolve(t.Context())
			if got := text(err); got != c.err || v.Reveal() != c.want {
				t.Errorf("error %q, want %q; value of %d bytes", got, c.err, len(v.Reveal()))
			}
			if leaks(text(err)) {
				t.Errorf("leak: %v", err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCommandNotFoundIsTold(t *testing.T) {
	_, err := secret.Ref{Command: []string{"/no/such/program", "sk-argument"}}.Resolve(t.Context())
	if err == nil || !errors.Is(err, os.ErrNotExist) || leaks(err.Error()) {
		t.Errorf("got %v", err)
	}
}

func TestCommandIsStopped(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	// The shell's child keeps the output open after the shell is killed.
	_, err := secret.Ref{Command: []string{"sh", "-c", "echo sk-a; sleep 30; echo sk-b"}}.Resolve(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || leaks(text(err)) {
		t.Errorf("got %v", err)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestRefString(t *testing.T) {
	for want, r := range map[string]secret.Ref{
		"env A":         {Env: "A"},
		"file /run/a":   {File: "/run/a"},
		"command vault": {Command: []string{"/usr/bin/vault", "-token=sk-x"}},
		"no reference":  {},
	} {
		if r.String() != want {
			t.Errorf("%q, want %q", r.String(), want)
		}
		if r.IsZero() != (want == "no reference") {
			t.Errorf("%s: IsZero is %v", want, r.IsZero())
		}
	}
}
