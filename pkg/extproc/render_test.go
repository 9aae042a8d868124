package extproc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	priorityv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/router/cluster_specifiers/priority_group/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// decode is a reply as Envoy's decoder reads it.
func decode(t testing.TB, r reply) *extprocv3.ProcessingResponse {
	t.Helper()
	bufs, err := codec{}.Marshal(&r)
	if err != nil {
		t.Fatal(err)
	}
	var m extprocv3.ProcessingResponse
	if err := proto.Unmarshal(bufs.Materialize(), &m); err != nil {
		t.Fatal(err)
	}
	if n := len(m.ProtoReflect().GetUnknown()); n > 0 {
		t.Fatalf("%d bytes of unknown fields", n)
	}
	return &m
}

func set(m *extprocv3.HeaderMutation) map[string]string {
	all := map[string]string{}
	for _, h := range m.GetSetHeaders() {
		if h.AppendAction != 2 || h.Header.Value != "" {
			all[h.Header.Key] = "not an overwrite by raw value"
			continue
		}
		all[h.Header.Key] = string(h.Header.RawValue)
	}
	return all
}

func exchange(n int) *pipeline.Exchange {
	x := &pipeline.Exchange{Dialect: &dialect.Dialect{Family: "openai"}, Snapshot: &policy.Snapshot{Envoy: policy.Envoy{Lua: true}}}
	x.Decision.Route = &policy.Route{FirstByteTimeout: 2 * time.Second, AnswerTimeout: 5 * time.Second, StreamTimeout: time.Minute}
	for i := range n {
		name := string(rune('a' + i))
		x.Order = append(x.Order, pipeline.Planned{
			Candidate: policy.Candidate{Backend: &policy.Backend{Name: name, Authority: name + ".example:8443"}, Model: "model-" + name},
			Target:    dialect.Target{InjectUsage: true},
			Path:      "/" + name + "/chat/completions?q=1",
		})
	}
	x.Ticket = pipeline.Ticket{0xab, 1}
	return x
}

func TestDispatch(t *testing.T) {
	body := mem.SliceBuffer(`{"model":"model-a"}`)
	m := decode(t, dispatch(exchange(2), "at=1&te=x", body))
	c := m.GetRequestBody().GetResponse()
	if string(c.GetBodyMutation().GetBody()) != string(body) || !c.ClearRouteCache {
		t.Errorf("body %q clear %v", c.GetBodyMutation().GetBody(), c.ClearRouteCache)
	}
	want := map[string]string{
		":path": "/a/chat/completions?q=1", ":authority": "a.example:8443", "content-length": "19",
		"x-envoy-max-retries": "1", "x-envoy-upstream-rq-per-try-timeout-ms": "5000", "x-envoy-upstream-rq-timeout-ms": "12000",
	}
	if diff := cmp.Diff(want, set(c.HeaderMutation)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(credentials, c.HeaderMutation.RemoveHeaders); diff != "" {
		t.Error(diff)
	}
	metadata := map[string]any{
		"signalbox": map[string]any{"ticket": "ab010000000000000000000000000000", "facts": "at=1&te=x", "model": "model-a", "api": "openai", "rule": "", "hide_usage": true},
	}
	if diff := cmp.Diff(metadata, m.DynamicMetadata.AsMap()); diff != "" {
		t.Error(diff)
	}
	var order priorityv3.PriorityGroupsOverride
	if err := m.TypedDynamicMetadata["signalbox.order"].UnmarshalTo(&order); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{"0": "a a 1", "1": "b~ b~ 1"}
	got := map[string]string{}
	for i, g := range order.PriorityGroups {
		got[fmt.Sprint(i)] = fmt.Sprint(g.Name, " ", g.Clusters[0].ClusterName, " ", g.Clusters[0].Weight.Value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDispatchWithoutChange(t *testing.T) {
	x := exchange(1)
	x.Order[0].Target.InjectUsage = false
	x.Call.Stream = true
	m := decode(t, dispatch(x, "", nil))
	c := m.GetRequestBody().GetResponse()
	if c.BodyMutation != nil {
		t.Errorf("body mutation %v", c.BodyMutation)
	}
	h := set(c.HeaderMutation)
	if _, ok := h["content-length"]; ok || h["x-envoy-upstream-rq-per-try-timeout-ms"] != "2000" || h["x-envoy-upstream-rq-timeout-ms"] != "63000" || h["x-envoy-max-retries"] != "0" {
		t.Errorf("headers %v", h)
	}
	if m.DynamicMetadata.Fields["signalbox"].GetStructValue().Fields["hide_usage"] != nil {
		t.Error("hides usage that nobody injected")
	}
}

func TestAttemptReply(t *testing.T) {
	body := mem.SliceBuffer(strings.Repeat("x", 300000))
	m := decode(t, attempt(&exchange(2).Order[1], body, 0))
	c := m.GetRequestHeaders().GetResponse()
	if c.Status != extprocv3.CommonResponse_CONTINUE_AND_REPLACE || len(c.GetBodyMutation().GetBody()) != 300000 {
		t.Errorf("status %v, %d bytes", c.Status, len(c.GetBodyMutation().GetBody()))
	}
	if o := m.ModeOverride; o.ResponseHeaderMode != 2 || o.ResponseBodyMode != 0 {
		t.Errorf("waits for an answer that is not its own: %v", o)
	}
	want := map[string]string{":path": "/b/chat/completions?q=1", ":authority": "b.example:8443", "x-signalbox-content-length": "300000"}
	if diff := cmp.Diff(want, set(c.HeaderMutation)); diff != "" {
		t.Error(diff)
	}
}

func TestAttemptReplyForAnotherDialect(t *testing.T) {
	p := &exchange(2).Order[1]
	p.Translated, p.Dialect = true, &dialect.Dialect{Headers: []dialect.Header{{Name: "anthropic-version", Value: "v"}}}
	m := decode(t, attempt(p, mem.SliceBuffer("{}"), modeDuplex))
	h := m.GetRequestHeaders().GetResponse().HeaderMutation
	if s := set(h); s["anthropic-version"] != "v" || s["content-type"] != "application/json" || !slices.Contains(h.RemoveHeaders, "anthropic-beta") {
		t.Errorf("mutation %v", h)
	}
	if o := m.ModeOverride; o.ResponseBodyMode != 4 || o.ResponseTrailerMode != 1 || o.ResponseHeaderMode != 1 || o.RequestBodyMode != 0 {
		t.Errorf("mode %v", o)
	}
}

func TestAnswerReplies(t *testing.T) {
	m := decode(t, answerHead([]header{{"a", "b"}}, []string{"c"}, modeDuplex))
	c := m.GetResponseHeaders().GetResponse()
	if set(c.HeaderMutation)["a"] != "b" || c.HeaderMutation.RemoveHeaders[0] != "c" {
		t.Errorf("mutation %v", c.HeaderMutation)
	}
	if o := m.ModeOverride; o.ResponseBodyMode != 4 || o.ResponseTrailerMode != 1 || o.ResponseHeaderMode != 1 || o.RequestBodyMode != 2 {
		t.Errorf("mode %v", o)
	}
	if m := decode(t, answerHead(nil, nil, 0)); m.GetResponseHeaders().GetResponse() == nil || m.ModeOverride != nil {
		t.Errorf("release %v", m)
	}
	s := decode(t, piece([]byte("data"), true)).GetResponseBody().GetResponse().GetBodyMutation().GetStreamedResponse()
	if string(s.Body) != "data" || !s.EndOfStream {
		t.Errorf("piece %v", s)
	}
	w := decode(t, whole(nil, nil, []byte("data"))).GetResponseBody().GetResponse()
	if string(w.GetBodyMutation().GetBody()) != "data" || set(w.HeaderMutation)["content-length"] != "4" {
		t.Errorf("whole %v", w)
	}
	r := decode(t, replaceAnswer([]header{{":status", "503"}}, nil, []byte("{}"))).GetResponseHeaders().GetResponse()
	if r.Status != extprocv3.CommonResponse_CONTINUE_AND_REPLACE || string(r.GetBodyMutation().GetBody()) != "{}" {
		t.Errorf("replace %v", r)
	}
	i := decode(t, immediate(404, []header{{"content-type", "application/json"}}, []byte("{}"), "signalbox_x")).GetImmediateResponse()
	if i.Status.Code != 404 || string(i.Body) != "{}" || i.Details != "signalbox_x" || set(i.Headers)["content-type"] != "application/json" {
		t.Errorf("immediate %v", i)
	}
}

func TestPlainReplies(t *testing.T) {
	for num, b := range plain {
		if m := decode(t, reply{head: b}); m.Response == nil {
			t.Errorf("reply %d is empty", num)
		}
	}
}

func BenchmarkDispatch(b *testing.B) {
	x := exchange(2)
	b.ReportAllocs()
	for b.Loop() {
		r := dispatch(x, "at=1764000000000000000&te=search&ky=key_abcdefgh&op=chat&mo=gpt-4o&rt=chat&po=0a1b2c3d4e5f", nil)
		r.head.Free()
	}
}
