package witness

import (
	"bufio"
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/settle"
)

func lookup(string) (dialect.UsageReader, string) { return openai.New().Usage, "openai" }

// lines are what an Envoy 1.40.0 wrote.
func lines(tb testing.TB) [][]byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/lines.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	var l [][]byte
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		l = append(l, bytes.Clone(s.Bytes()))
	}
	return l
}

var ticketOfLines = [16]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef} // read only

func request(u settle.Upstream, change func(*settle.Downstream)) Entry {
	e := Entry{Kind: Request, Downstream: settle.Downstream{Upstream: u, Ticket: ticketOfLines, HasTicket: true}}
	change(&e.Downstream)
	return e
}

// recorded are the entries of the lines.
func recorded() []Entry {
	at := func(sec, micro int64) time.Time { return time.Unix(sec, micro*1000) }
	const ms = time.Millisecond
	return []Entry{
		{Kind: Attempt, Downstream: settle.Downstream{Upstream: settle.Upstream{
			RequestID: "7c369f62-9785-439a-8c9a-c2b5afbe78f8", Cluster: "a", Status: 200, Flags: "-", Start: at(1795519516, 602738), Received: 421, Sent: 13,
		}}},
		request(settle.Upstream{
			RequestID: "7c369f62-9785-439a-8c9a-c2b5afbe78f8", Cluster: "a", Status: 200, Flags: "-", Details: "via_upstream",
			Start: at(1795519516, 600079), Duration: 3 * ms, FirstByte: 3 * ms, Received: 13, Sent: 421,
		}, func(d *settle.Downstream) {
			d.Attempts, d.ContentType, d.ServedModel = 1, "application/json; charset=utf-8", "served"
			d.Usage, d.UsageFound = genai.Usage{Input: 3, CacheRead: 1, Output: 2}, true
			d.RawUsage = []byte(`{"completion_tokens":2,"prompt_tokens":3,"prompt_tokens_details.cached_tokens":1}`)
			d.Facts = &signalboxv1.Open{
				Ticket: ticketOfLines[:], RequestId: "7c369f62-9785-439a-8c9a-c2b5afbe78f8", Team: "search", Model: "x y",
				Order: []*signalboxv1.Candidate{{Backend: "a", Provider: "p", Region: "eu", Model: "m"}},
			}
		}),
		{Kind: Attempt, Downstream: settle.Downstream{Upstream: settle.Upstream{
			RequestID: "3a299074-4539-4aed-b71d-66eea94ddc1c", Cluster: "dead", Flags: "UF", Details: "delayed_connect_error:_Connection_refused", Start: at(1795519572, 201935),
		}}},
		request(settle.Upstream{
			RequestID: "6658c723-bad0-43af-9108-5649ed587938", Cluster: "a", Status: 200, Flags: "-", Details: "via_upstream",
			Start: at(1795521075, 109672), Duration: 4 * ms, FirstByte: 3 * ms, Received: 2, Sent: 299,
		}, func(d *settle.Downstream) {
			d.Attempts, d.ContentType, d.ServedModel, d.Tier = 1, "text/event-stream; charset=utf-8", "served", "default"
			d.Usage, d.UsageFound = genai.Usage{Input: 9, Output: 12}, true
			d.RawUsage = []byte(`{"completion_tokens":12,"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":0},"total_tokens":21}`)
		}),
		request(settle.Upstream{
			RequestID: "78edf18d-6f85-4644-9c6e-18d9cc8716a2", Cluster: "a", Status: 200, Flags: "DC", Details: "downstream_remote_disconnect",
			Start: at(1795521075, 353091), Duration: 3 * ms, FirstByte: 2 * ms, Received: 2, Sent: 159,
		}, func(d *settle.Downstream) {
			d.Attempts, d.ContentType, d.ServedModel = 1, "text/event-stream", "served"
		}),
		request(settle.Upstream{
			RequestID: "cf4b9743-d528-4f1f-a5c3-f4390913cbad", Cluster: "a~", Status: 503, Flags: "UPE", Details: "upstream_reset_after_response_started{protocol_error}",
			Start: at(1795521075, 356924), Duration: 2 * ms, FirstByte: 2 * ms, Received: 2, Sent: 180,
		}, func(d *settle.Downstream) { d.Attempts, d.ContentType, d.ServedModel = 2, "application/json", "served" }),
		request(settle.Upstream{
			RequestID: "b4d8b639-d0bd-49b3-8f2f-ce548eb1ec8c", Status: 503, Flags: "NC", Details: "cluster_not_found",
			Start: at(1795519517, 15807), Duration: ms, Received: 13, Sent: 220,
		}, func(d *settle.Downstream) {
			d.ContentType = "application/json"
			d.Facts = &signalboxv1.Open{Ticket: ticketOfLines[:], RequestId: "b4d8b639-d0bd-49b3-8f2f-ce548eb1ec8c"}
		}),
		{Kind: Request, Downstream: settle.Downstream{Upstream: settle.Upstream{
			RequestID: "5c65bca7-c351-488c-b88b-8fc7737cfe85", Cluster: "nowhere", Status: 418, Flags: "-", Details: "signalbox_lab",
			Start: at(1795519517, 118183), Received: 13, Sent: 10,
		}, ContentType: "application/json"}},
	}
}

func TestParseRecordedLines(t *testing.T) {
	want := recorded()
	p := NewParser(lookup)
	for i, line := range lines(t) {
		got, err := p.Parse(line)
		if err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		for j := range line { // the entry must not hold the line
			line[j] = '#'
		}
		if d := cmp.Diff(want[i], got, protocmp.Transform()); d != "" {
			t.Errorf("line %d: %s", i, d)
		}
	}
}

func TestParseOddLines(t *testing.T) {
	const head = `{"k":"DownstreamEnd","t":"1795519516.600079000","id":"i",`
	p := NewParser(lookup)
	for _, tc := range []struct {
		name, line string
		check      func(e Entry) bool
		err        bool
	}{
		{name: "empty", line: ``, err: true},
		{name: "cut", line: head + `"c":"a`, err: true},
		{name: "array", line: `[1]`, err: true},
		{name: "other_type", line: `{"k":"DownstreamStart"}`, check: func(e Entry) bool { return e.Kind == Other }},
		{name: "no_type", line: `{}`, check: func(e Entry) bool { return e.Kind == Other }},
		{name: "mirror", line: `{"k":"UpstreamEnd","t":"1795519516.600079000","id":"i","c":"signalbox.shadow"}`, check: func(e Entry) bool { return e.Kind == Other }},
		{name: "no_time", line: `{"k":"UpstreamEnd"}`, err: true},
		{name: "bad_time", line: `{"k":"UpstreamEnd","t":"1.2"}`, err: true},
		{name: "huge_time", line: `{"k":"UpstreamEnd","t":"99999999999999.000000000"}`, err: true},
		{name: "odd_types", line: head + `"c":7,"s":"200","rx":-5,"ms":1e300,"fb":{},"sb":[],"u":"x"}`, check: func(e Entry) bool {
			return e.Cluster == "" && e.Status == 0 && e.Received == 0 && e.Duration >= 0 && !e.HasTicket
		}},
		{name: "bad_ticket", line: head + `"sb":{"ticket":"xyz","facts":"team=%zz"}}`, check: func(e Entry) bool { return !e.HasTicket && e.Facts == nil }},
		{name: "groq_stream", line: head + `"u":{"x_groq.usage":"{\"prompt_tokens\":4,\"completion_tokens\":5}"}}`, check: func(e Entry) bool {
			return e.UsageFound && e.Usage.Input == 4 && e.Usage.Output == 5
		}},
		{name: "groq_beside_null", line: head + `"u":{"usage":"null","x_groq.usage":"{\"prompt_tokens\":4,\"completion_tokens\":5}"}}`, check: func(e Entry) bool {
			return e.UsageFound && e.Usage.Input == 4
		}},
		{name: "tier_in_streamed_usage", line: head + `"u":{"usage":"{\"prompt_tokens\":4,\"completion_tokens\":5,\"service_tier\":\"standard\"}"}}`, check: func(e Entry) bool {
			return e.UsageFound && e.Tier == "standard"
		}},
		{name: "tier_in_unary_usage", line: head + `"u":{"usage.prompt_tokens":4,"usage.service_tier":"standard"}}`, check: func(e Entry) bool {
			return e.UsageFound && e.Tier == "standard"
		}},
		{name: "tier_beside_usage", line: head + `"u":{"usage.prompt_tokens":4,"usage.service_tier":"a","service_tier":"b"}}`, check: func(e Entry) bool {
			return e.UsageFound && e.Tier == "b"
		}},
		{name: "doubles", line: head + `"u":{"usage.prompt_tokens":4.0,"usage.completion_tokens":1e3}}`, check: func(e Entry) bool {
			return e.UsageFound && e.Usage.Input == 4 && e.Usage.Output == 1000
		}},
		{name: "usage_is_no_json", line: head + `"u":{"usage":"{{"}}`, check: func(e Entry) bool { return !e.UsageFound && e.RawUsage == nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, err := p.Parse([]byte(tc.line))
			if (err != nil) != tc.err {
				t.Fatalf("error %v", err)
			}
			if err == nil && !tc.check(e) {
				t.Errorf("entry %+v", e)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, l := range lines(f) {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := NewParser(lookup).Parse(line)
		if err != nil {
			return
		}
		if e.Duration < 0 || e.FirstByte < 0 || e.Received < 0 || e.Sent < 0 || e.Attempts < 0 || e.Status < 0 {
			t.Errorf("negative: %+v", e)
		}
		if e.UsageFound && (e.Usage.Input < 0 || e.Usage.Output < 0) {
			t.Errorf("usage %+v", e.Usage)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	line := lines(b)[1]
	p := NewParser(lookup)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}
