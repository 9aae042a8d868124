package meter

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

const (
	sse  = "text/event-stream; charset=utf-8"
	json = "application/json; charset=utf-8"
)

// Envoy lifts usage out of what its script or its filters read and nothing
// else: there our own meter must stay.
func TestLifted(t *testing.T) {
	tests := []struct {
		name, kind, coding, contentType string
		stream, lua, want               bool
		length                          int64
		injected                        []bool // by candidate; the first one answers
	}{
		{name: "unary", contentType: json, want: true},
		{name: "stream", contentType: sse, stream: true, want: true},
		{name: "content_type_in_capitals", contentType: "Text/Event-Stream", stream: true, want: true},
		{name: "identity", contentType: json, coding: "Identity", want: true},
		{name: "gzip", contentType: json, coding: "gzip"},
		{name: "gzip_stream", contentType: sse, coding: "gzip", stream: true},
		{name: "stream_labelled_as_json", contentType: json, stream: true},
		{name: "json_labelled_as_stream", contentType: sse},
		{name: "lines_of_json", contentType: "application/x-ndjson", stream: true},
		{name: "text", contentType: "text/plain"},
		{name: "no_content_type"},
		{name: "large_numbers", kind: "together", contentType: json},
		{name: "large_numbers_in_a_stream", kind: "together", contentType: sse, stream: true},
		{name: "large_numbers_by_a_router", kind: "huggingface", contentType: json},
		{name: "other_kind", kind: "groq", contentType: json, want: true},
		{name: "large_without_script", contentType: json, length: 8<<20 + 1, want: true},
		{name: "script", lua: true, contentType: json, want: true},
		{name: "script_large_numbers", lua: true, kind: "together", contentType: json, want: true},
		{name: "script_longest", lua: true, contentType: json, length: 8 << 20, want: true},
		{name: "script_too_long", lua: true, contentType: json, length: 8<<20 + 1},
		{name: "script_stream", lua: true, contentType: sse, stream: true, want: true},
		{name: "script_hides", lua: true, contentType: sse, stream: true, injected: []bool{true, true}, want: true},
		{name: "hidden_before_the_script", lua: true, contentType: sse, stream: true, injected: []bool{true, false}},
		{name: "nothing_to_hide", lua: true, contentType: sse, stream: true, injected: []bool{false, true}, want: true},
		{name: "hidden_behind_the_filters", contentType: sse, stream: true, injected: []bool{true, false}, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := exchange(tt.kind)
			x.Call.Stream = tt.stream
			x.Snapshot.Envoy.Lua = tt.lua
			for i, injected := range tt.injected {
				if i > 0 {
					x.Order = append(x.Order, pipeline.Planned{})
				}
				x.Order[i].Target.InjectUsage = injected
			}
			x.Answer.ContentType, x.Answer.ContentEncoding, x.Answer.ContentLength = tt.contentType, tt.coding, tt.length
			if got := Lifted(x); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// Who meters follows from the answer, the route and whether there is a log.
func TestAnswerHead(t *testing.T) {
	tests := []struct {
		name    string
		witness bool
		change  func(x *pipeline.Exchange)
		want    pipeline.Want
	}{
		{"witness", true, func(*pipeline.Exchange) {}, pipeline.Nothing},
		{"no_witness", false, func(*pipeline.Exchange) {}, pipeline.Chunks},
		{"route_asks", true, func(x *pipeline.Exchange) { x.Decision.Route.Metering = policy.MeterAttached }, pipeline.Chunks},
		{"not_lifted", true, func(x *pipeline.Exchange) { x.Answer.ContentType = "text/plain" }, pipeline.Chunks},
		{"error_status", false, func(x *pipeline.Exchange) { x.Answer.Status = 500 }, pipeline.Nothing},
		{"nobody_answered", false, func(x *pipeline.Exchange) { x.Answer.Attempt = -1 }, pipeline.Nothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := exchange("openai")
			x.Dialect = &dialect.Dialect{Answer: answers{}}
			tt.change(x)
			if got := (Stage{Witness: tt.witness}).AnswerHead(x); got != tt.want || (x.Meter != nil) != (got == pipeline.Chunks) {
				t.Errorf("wants %v with meter %v, want %v", got, x.Meter, tt.want)
			}
		})
	}
}

func exchange(kind string) *pipeline.Exchange {
	x := &pipeline.Exchange{
		Snapshot: &policy.Snapshot{},
		Decision: route.Decision{Route: &policy.Route{}},
		Order:    []pipeline.Planned{{Candidate: policy.Candidate{Backend: &policy.Backend{Kind: kind}}}},
	}
	x.Answer = pipeline.Answer{Status: 200, ContentType: json}
	return x
}

// answers are those of a dialect that meters nothing.
type answers struct{ dialect.AnswerCodec }

func (answers) Meter(genai.Operation, bool, string) dialect.Meter { return blind{} }
