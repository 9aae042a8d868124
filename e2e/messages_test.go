package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/signalbox-dev/signalbox/e2e/internal/bed"
	"github.com/signalbox-dev/signalbox/e2e/internal/tap"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/provider"
)

// tapped starts a rig under `signalbox serve` with an Envoy of the test's own,
// and a tap between the two.
func tapped(t *testing.T, p plan) (*rig, *tap.Tap) {
	t.Helper()
	r := prepare(t, p)
	own := "unix:" + filepath.Join(r.Dir, "own.sock")
	r.Config.Envoy["processor"] = own
	r.Config.Envoy["admin"] = "unix:" + filepath.Join(r.State, "envoy", "admin.sock")
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	at := "unix:" + filepath.Join(r.Dir, "tap.sock")
	w, err := tap.Start(at, own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	if err := r.ServeWith(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if r.key, err = r.NewKey(t.Context(), "test", t.Name()); err != nil {
		t.Fatal(err)
	}
	r.keyKnown(t)
	return r, w
}

// kinds are the messages of a stream in a word each; answers have a plus.
func kinds(s tap.Stream) []string {
	var out []string
	for _, m := range s.Messages {
		switch {
		case m.Request.GetRequestHeaders() != nil:
			out = append(out, "head")
		case m.Request.GetRequestBody() != nil:
			out = append(out, "body")
		case m.Request.GetResponseHeaders() != nil:
			out = append(out, "answer")
		case m.Request.GetResponseBody() != nil:
			out = append(out, "chunk")
		case m.Request != nil:
			out = append(out, "other")
		default:
			out = append(out, "+")
		}
	}
	return out
}

// TestMessages looks at what passes between Envoy and the processor: a good
// request costs one stream of three messages, each later attempt one more
// stream of one message, and no message carries what is not its business.
func TestMessages(t *testing.T) {
	r, w := tapped(t, plan{providers: named("a", "b", "c")})
	for _, c := range []struct {
		name, extra, fault string
		request            []string // stream of the request filter
		attempts           int
	}{
		{"unary", "", "backend=none", []string{"head", "+", "body", "+", "answer", "+"}, 0},
		{"stream", streamed, "backend=none", []string{"head", "+", "body", "+", "answer", "+"}, 0},
		{"second", streamed, "backend=a status=500", []string{"head", "+", "body", "+", "answer", "+"}, 1},
		{"third", "", "backend=a,b reset", []string{"head", "+", "body", "+", "answer", "+"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.Reset()
			body := chat(c.extra, "Hello\n#fault "+c.fault)
			a := r.do(t, request{body: body, headers: []string{"Cookie", "secret=1"}})
			if a.status != 200 || a.err != nil {
				t.Fatalf("%d %s %v", a.status, a.body, a.err)
			}
			r.settledOne(t, a)
			attempts := 0
			for _, s := range w.Streams() {
				if s.Metadata.Get("x-signalbox-role")[0] == "attempt" {
					attempts++
					checkAttempt(t, s)
					continue
				}
				if got := kinds(s); !slices.Equal(got, c.request) {
					t.Errorf("request filter's stream: %v, want %v", got, c.request)
				}
				checkRequest(t, s, body)
			}
			if attempts != c.attempts {
				t.Errorf("%d streams of the attempt filter, want %d", attempts, c.attempts)
			}
		})
	}
}

// checkRequest looks at the request filter's stream.
func checkRequest(t *testing.T, s tap.Stream, body string) {
	t.Helper()
	for _, m := range s.Messages {
		if b := m.Request.GetRequestBody(); b != nil && string(b.Body) != body {
			t.Errorf("body message holds\n%s\nwant\n%s", b.Body, body)
		}
	}
	if s.Err != nil {
		t.Errorf("stream ended with %v", s.Err)
	}
}

// checkAttempt looks at an attempt filter's stream: the head alone, without
// any provider's credential, answered by a complete replacement.
func checkAttempt(t *testing.T, s tap.Stream) {
	t.Helper()
	if got := kinds(s); !slices.Equal(got, []string{"head", "+"}) {
		t.Fatalf("attempt filter's stream: %v", got)
	}
	head := s.Messages[0].Request
	for _, h := range head.GetRequestHeaders().GetHeaders().GetHeaders() {
		if v := h.Value + string(h.RawValue); strings.Contains(v, "sk-") || strings.Contains(v, "sb-") {
			t.Errorf("the head shows a credential: %s", h.Key)
		}
		if h.Key == "cookie" {
			t.Error("the head carries the cookie")
		}
	}
	answer := s.Messages[1].Response.GetRequestHeaders().GetResponse()
	if answer.GetStatus() != extproc.CommonResponse_CONTINUE_AND_REPLACE || len(answer.GetBodyMutation().GetBody()) == 0 {
		t.Errorf("answer %v", answer)
	}
	if s.Err != nil {
		t.Errorf("stream ended with %v", s.Err)
	}
}

// TestServe uses the processor beside an Envoy that is somebody else's, and
// kills the processor: that Envoy goes on with its streams.
func TestServe(t *testing.T) {
	r := prepare(t, plan{providers: named("a", "b"), configure: func(c *bed.Config, _ map[string]*provider.Server) {
		c.Envoy = bed.Section{}
	}})
	r.Config.Envoy["admin"] = "unix:" + filepath.Join(r.State, "envoy", "admin.sock")
	if err := r.WriteConfig(); err != nil {
		t.Fatal(err)
	}
	if err := r.ServeWith(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.key, err = r.NewKey(t.Context(), "test", t.Name()); err != nil {
		t.Fatal(err)
	}
	r.keyKnown(t)
	a := r.do(t, request{body: chat("", "Hello\n#fault backend=a status=500")})
	if a.status != 200 || a.header.Get("x-signalbox-provider") != "b" {
		t.Fatalf("%d %s %v", a.status, a.body, a.err)
	}
	r.settledOne(t, a)
	flights, wait := fly(t, r, 10, func(int) string { return chat(streamed, "Hello\n#fault tokens=100 gap=10ms") })
	if err := r.Process().Kill(); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait()
	for i, f := range flights {
		if f.err != nil || !strings.HasSuffix(f.body.String(), "[DONE]\n\n") {
			t.Errorf("stream %d was cut: %v", i, f.err)
		}
	}
	compareAll(t, r, true)
}
