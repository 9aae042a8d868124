package gateway

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
)

const benchConfig = `
providers:
  - {name: a, backends: [{name: a, base_url: "http://127.0.0.1:1/v1", allow_private: true}]}
  - {name: b, backends: [{name: b, base_url: "http://127.0.0.1:2/v1", allow_private: true}]}
models: [{name: m, candidates: [{backend: a, model: m}, {backend: b, model: n}]}]
telemetry: {log: {level: error}}
`

func mutation(kv ...string) *extprocv3.HttpHeaders {
	m := &corev3.HeaderMap{}
	for i := 0; i < len(kv); i += 2 {
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: kv[i], RawValue: []byte(kv[i+1])})
	}
	return &extprocv3.HttpHeaders{Headers: m}
}

// BenchmarkReleasedRequest is the processor's share of a whole request, client
// and transport included: profile it to see what the share consists of.
func BenchmarkReleasedRequest(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(file, []byte(benchConfig+"admin: {listen: \"127.0.0.1:0\"}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	g, err := New(b.Context(), Options{ConfigFile: file, StateDir: filepath.Join(dir, "s"), LogTo: io.Discard, Drain: time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	text := newKey(b, g)
	l, err := listen(processor(g.snapshot.Load(), g.dir))
	if err != nil {
		b.Fatal(err)
	}
	gs := g.server.NewGRPC(1 << 20)
	go gs.Serve(l) //nolint:errcheck // ends with Stop
	defer gs.Stop()
	conn, err := grpc.NewClient("unix:"+filepath.Join(dir, "s", "extproc.sock"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	messages := []*extprocv3.ProcessingRequest{
		{Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: mutation(":method", "POST", ":path", "/v1/chat/completions", ":authority", "x", ":scheme", "http",
			"content-type", "application/json", "authorization", "Bearer "+text, "x-request-id", "9f1c2d7e-0000-4000-8000-000000000000", "user-agent", "bench", "accept", "*/*")}},
		{Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte(`{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("the quick brown fox ", 45) + `"}]}`), EndOfStream: true}}},
		{
			Request:    &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: mutation(":status", "200", "content-type", "application/json", "content-length", "900")},
			Attributes: map[string]*structpb.Struct{"f": {Fields: map[string]*structpb.Value{"xds.cluster_name": structpb.NewStringValue("a"), "response.code_details": structpb.NewStringValue("via_upstream")}}},
		},
	}
	ctx := metadata.AppendToOutgoingContext(b.Context(), "x-signalbox-role", "request")
	client := extprocv3.NewExternalProcessorClient(conn)
	b.ReportAllocs()
	for b.Loop() {
		st, err := client.Process(ctx)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range messages {
			if err := st.Send(m); err != nil {
				b.Fatal(err)
			}
			r, err := st.Recv()
			if err != nil {
				b.Fatal(err)
			}
			if r.GetImmediateResponse() != nil {
				b.Fatal(r)
			}
		}
		if _, err := st.Recv(); !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
}
