package extproc

import (
	"bytes"
	"math/rand/v2"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

func headersOf(t testing.TB, end bool, kv ...string) *extprocv3.HttpHeaders {
	t.Helper()
	m := &corev3.HeaderMap{}
	for i := 0; i < len(kv); i += 2 {
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: kv[i], RawValue: []byte(kv[i+1])})
	}
	return &extprocv3.HttpHeaders{Headers: m, EndOfStream: end}
}

func attributes(t testing.TB, kv map[string]any) map[string]*structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(kv)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*structpb.Struct{"envoy.filters.http.ext_proc": s}
}

func metadataOf(t testing.TB, ns string, kv map[string]any) *corev3.Metadata {
	t.Helper()
	s, err := structpb.NewStruct(kv)
	if err != nil {
		t.Fatal(err)
	}
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{ns: s}}
}

func samples(t testing.TB) []*extprocv3.ProcessingRequest {
	t.Helper()
	return []*extprocv3.ProcessingRequest{
		{
			Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: headersOf(t, false, ":method", "POST", ":path", "/v1/chat/completions?x=1",
				"content-type", "application/json", "authorization", "Bearer sb-x", "x-request-id", "id-1")},
			Attributes:      attributes(t, map[string]any{"xds.cluster_name": "a~", "n": 3.0}),
			MetadataContext: metadataOf(t, "signalbox", map[string]any{"ticket": "00112233445566778899aabbccddeeff", "flag": true}),
			ProtocolConfig:  &extprocv3.ProtocolConfiguration{},
		},
		{Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte(`{"a":1}`), EndOfStream: true}}},
		{Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: headersOf(t, true, ":status", "200")}},
		{Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{Body: []byte("data: x\n\n")}}},
		{Request: &extprocv3.ProcessingRequest_ResponseTrailers{ResponseTrailers: &extprocv3.HttpTrailers{Trailers: &corev3.HeaderMap{}}}},
		{},
	}
}

// phaseOf is what the decoder says of the oneof.
func phaseOf(m *extprocv3.ProcessingRequest) phase {
	switch m.Request.(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		return requestHeaders
	case *extprocv3.ProcessingRequest_ResponseHeaders:
		return responseHeaders
	case *extprocv3.ProcessingRequest_RequestBody:
		return requestBody
	case *extprocv3.ProcessingRequest_ResponseBody:
		return responseBody
	case *extprocv3.ProcessingRequest_RequestTrailers:
		return requestTrailers
	case *extprocv3.ProcessingRequest_ResponseTrailers:
		return responseTrailers
	}
	return 0
}

// FuzzMessage compares the reader with the decoder. A message whose oneof is
// sent in several pieces is merged by the decoder and is left out: Envoy
// writes each message once.
func FuzzMessage(f *testing.F) {
	for _, m := range samples(f) {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		unknown := protowire.AppendString(protowire.AppendTag(append([]byte(nil), b...), 99, protowire.BytesType), "new field")
		f.Add(protowire.AppendVarint(protowire.AppendTag(unknown, 98, protowire.VarintType), 7))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want extprocv3.ProcessingRequest
		decoded := proto.Unmarshal(b, &want)
		var got message
		err := got.parse(b)
		if decoded != nil || repeated(b) {
			walk(&got) // must not panic
			return
		}
		if err != nil {
			t.Fatalf("decoder takes it, reader says %v", err)
		}
		if got.phase != phaseOf(&want) {
			t.Fatalf("phase %d, want %d", got.phase, phaseOf(&want))
		}
		compare(t, &got, &want)
	})
}

// repeated reports whether any submessage that the reader looks at comes twice
// in its parent.
func repeated(b []byte) bool {
	for depth := range 6 {
		if twice(b, depth) {
			return true
		}
	}
	return false
}

func twice(b []byte, depth int) bool {
	seen := map[protowire.Number]int{}
	oneof := 0
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return true
		}
		v := b[n:]
		m := protowire.ConsumeFieldValue(num, typ, v)
		if m < 0 {
			return true
		}
		if typ == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(v)
			seen[num]++
			if depth > 0 && twice(inner, depth-1) {
				return true
			}
			if num >= 2 && num <= 7 {
				oneof++
			}
		}
		b = v[m:]
	}
	for num, n := range seen {
		if n > 1 && num != 1 { // field 1 repeats in header maps
			return true
		}
	}
	return oneof > 1
}

func walk(m *message) {
	for range headers(m.body).each {
	}
	headers(m.body).end()
	chunk(m.body)
	m.attribute("xds.cluster_name")
	m.ticket()
}

func compare(t *testing.T, got *message, want *extprocv3.ProcessingRequest) {
	t.Helper()
	var h *extprocv3.HttpHeaders
	var b *extprocv3.HttpBody
	switch r := want.Request.(type) {
	case *extprocv3.ProcessingRequest_RequestHeaders:
		h = r.RequestHeaders
	case *extprocv3.ProcessingRequest_ResponseHeaders:
		h = r.ResponseHeaders
	case *extprocv3.ProcessingRequest_RequestBody:
		b = r.RequestBody
	case *extprocv3.ProcessingRequest_ResponseBody:
		b = r.ResponseBody
	}
	if h != nil {
		compareHeaders(t, headers(got.body), h)
	}
	if b != nil {
		data, end := chunk(got.body)
		if !bytes.Equal(data, b.Body) || end != (b.EndOfStream || b.EndOfStreamWithoutMessage) {
			t.Fatalf("body %q end %v, want %q %v", data, end, b.Body, b.EndOfStream)
		}
	}
}

func compareHeaders(t *testing.T, got headers, want *extprocv3.HttpHeaders) {
	t.Helper()
	if got.end() != want.EndOfStream {
		t.Fatalf("end %v, want %v", got.end(), want.EndOfStream)
	}
	i := 0
	all := want.GetHeaders().GetHeaders()
	for name, value := range got.each {
		if i >= len(all) {
			t.Fatalf("more than %d headers", len(all))
		}
		w := all[i].RawValue
		if len(w) == 0 {
			w = []byte(all[i].Value)
		}
		if string(name) != all[i].Key || !bytes.Equal(value, w) {
			t.Fatalf("header %d is %q: %q, want %q: %q", i, name, value, all[i].Key, w)
		}
		i++
	}
	if i != len(all) {
		t.Fatalf("%d headers, want %d", i, len(all))
	}
}

func TestReadsAttributesAndMetadata(t *testing.T) {
	b, err := proto.Marshal(samples(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	var m message
	if err := m.parse(b); err != nil {
		t.Fatal(err)
	}
	if got := m.attribute("xds.cluster_name"); got != "a~" {
		t.Errorf("cluster %q", got)
	}
	if got := m.attribute("absent"); got != "" {
		t.Errorf("absent attribute %q", got)
	}
	if got := m.ticket(); got != "00112233445566778899aabbccddeeff" {
		t.Errorf("ticket %q", got)
	}
}

func TestTruncatedMessagesAreErrorsOrEmpty(t *testing.T) {
	b, err := proto.Marshal(samples(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) {
		var m message
		if m.parse(b[:n]) == nil {
			walk(&m)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		c := bytes.Clone(b)
		c[r.IntN(len(c))] ^= byte(1 << r.IntN(8))
		var m message
		if m.parse(c) == nil {
			walk(&m)
		}
	}
}

func BenchmarkReadHead(b *testing.B) {
	raw, err := proto.Marshal(samples(b)[0])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("place", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m message
			_ = m.parse(raw)
			for range headers(m.body).each {
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m extprocv3.ProcessingRequest
			_ = proto.Unmarshal(raw, &m)
		}
	})
}
