package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/e2e/internal/envoybin"
	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
)

// A few rows of each provider, form and status go the whole way.
func TestSample(t *testing.T) {
	needEnvoy(t)
	var out bytes.Buffer
	got, err := run(t.Context(), options{each: 1, workers: 4}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(out.String(), "skipped: ") {
		t.Skip("no recorded traffic: set " + recorded.Env)
	}
	if got.Failed != 0 || got.Passed == 0 || got != last(t, out.String()) {
		t.Errorf("%+v\n%s", got, out.String())
	}
}

func needEnvoy(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a real Envoy is left out with -short")
	}
	if _, err := envoybin.Find(); errors.Is(err, envoybin.ErrNone) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
}

// last decodes the last line of an output.
func last(t *testing.T, out string) tally {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	var got tally
	d := json.NewDecoder(strings.NewReader(lines[len(lines)-1]))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatalf("%v in %q", err, lines[len(lines)-1])
	}
	return got
}

func TestNoData(t *testing.T) {
	var out bytes.Buffer
	if got, err := run(t.Context(), options{data: t.TempDir()}, &out); err != nil || got != (tally{}) {
		t.Error(got, err)
	}
	if !strings.HasPrefix(out.String(), "skipped: ") || !strings.HasSuffix(out.String(), "\n"+`{"cases":0,"passed":0,"failed":0,"skipped":0}`+"\n") {
		t.Errorf("%q", out.String())
	}
}

const (
	inner  = `"model":"served","choices":[{"message":{"content":"SECRET"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}}`
	unary  = "{" + inner
	seeded = `{"seed":18446744073709551615,` + inner
	deltas = `data: {"model":"served","choices":[{"delta":{"content":"SECRET"}}]}` + "\n\n"
	told   = `data: {"model":"served","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}}` + "\n\n"
	failed = "event: error\ndata: {\"error\":{\"message\":\"SECRET\"}}\n\n"
	done   = "data: [DONE]\n\n"

	truth = `{"input":5,"output":6}`
	asks  = `{"json":{"model":"m","messages":[],"seed": 1.50}}`
	open  = `{"json":{"model":"m","messages":[],"stream":true}}`
)

// made are rows of our own with the modes in which each must fail.
func made() []madeRow {
	all := []string{whole, "event", "byte", "random", witness, pieces, attached}
	return []madeRow{
		{name: "unary", request: asks, body: unary, truth: truth},
		{name: "no_request", body: unary, truth: truth},
		{name: "stream", stream: true, request: open, body: deltas + told + done, truth: truth},
		{name: "stream_without_request", stream: true, body: deltas + told + done, truth: truth},
		{name: "stream_without_end", stream: true, request: open, body: deltas, truth: "null"},
		{
			name: "mistral", provider: "mistral", stream: true, request: open, truth: truth,
			body: deltas + `data: {"model":"served","choices":[{}],"usage":{"prompt_tokens":5,"completion_tokens":6,"service_tier":"x"}}` + "\n\n" + done,
		},
		{name: "labelled_json", stream: true, request: open, header: "application/json", body: deltas + told + done, truth: truth},
		{name: "seed", provider: "together", request: asks, body: seeded, truth: truth},
		{name: "foreign_seed", provider: "a_b", request: asks, body: seeded, truth: truth, excused: []string{witness, pieces}},
		{name: "error_in_stream", stream: true, request: open, body: deltas + failed, truth: "null", excused: []string{attached}},
		{name: "error", status: 400, request: asks, body: `{"error":{"message":"m","type":"t","param":null,"code":null}}`},
		{name: "odd_error", status: 429, request: asks, body: `{"detail":"m"}`},
		{name: "credential", status: 401, request: asks, body: `{"error":{"message":"m"}}`},
		{name: "bad_request", status: 400, request: `{"json":{"messages":7}}`, body: `{"error":{"message":"m"}}`},

		{name: "wrong_input", request: asks, body: unary, truth: `{"input":7,"output":6}`, fails: all},
		{name: "wrong_output_of_stream", stream: true, request: open, body: deltas + told + done, truth: `{"input":5,"output":7}`, fails: all},
		{name: "usage_out_of_nothing", request: asks, body: unary, truth: "null", fails: all},
		{name: "usage_lost", request: asks, body: `{"model":"served","choices":[]}`, truth: truth, fails: all},
		{name: "refused_request", request: `{"json":{"model":"m","messages":[],"model":"n"}}`, body: unary, truth: truth, fails: []string{"whole"}},

		{name: "elided", request: asks, body: unary, truth: `{"input":7}`, more: `"elided":1,`},
		{name: "suspect", request: asks, body: unary, truth: `{"input":7}`, more: `"suspect":"why",`},
		{name: "unsure", request: asks, body: unary, truth: `{"input":7,"note":"unsure: why"}`},
	}
}

type madeRow struct {
	name, provider, endpoint           string
	header, request, body, truth, more string
	status                             int
	stream                             bool
	fails, excused                     []string
}

// write appends the row as the data has it.
func (m madeRow) write(w io.Writer) {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	request := "null"
	if m.request != "" {
		request = `{"method":"POST","url":"u","headers":{"x-stainless-lang":"go","accept-encoding":"gzip"},"body":` + m.request + `}`
	}
	headers := "{}"
	if m.header != "" {
		headers = fmt.Sprintf(`{"content-type":%q,"content-length":"1","X-RateLimit-Limit-Tokens":"7"}`, m.header)
	}
	fmt.Fprintf(w, `{"id":%q,"provider":%q,"endpoint":%q,%s"model":"m","streaming":%v,"fidelity":"raw","request":%s,`+
		`"response":{"status":%d,"headers":%s,"body":{"text":%q}},"usage_truth":%s}`+"\n",
		m.name, or(m.provider, "openai"), or(m.endpoint, "chat_completions"), m.more, m.stream, request, max(m.status, 200), headers, m.body, or(m.truth, "null"))
}

func rowsFolder(t *testing.T, rows []madeRow) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintln(z, `{"id":"other","provider":"openai","endpoint":"moderations","response":{"status":200,"body":null}}`)
	for _, m := range rows {
		m.write(z)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "recorded.jsonl.gz"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The harness finds what is wrong, in every mode in which it is, and nothing
// else.
func TestVerdicts(t *testing.T) {
	needEnvoy(t)
	t.Run("script", func(t *testing.T) { verdicts(t, options{workers: 4, verbose: true}, made(), &translator{}) })
	t.Run("filters", func(t *testing.T) {
		verdicts(t, options{workers: 4, verbose: true, noLua: true}, made(), &translator{})
	})
}

func verdicts(t *testing.T, o options, rows []madeRow, tr *translator) {
	t.Helper()
	subjects, err := load(options{data: rowsFolder(t, rows)}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := inProcess(t.Context(), subjects, tr); err != nil {
		t.Fatal(err)
	}
	if err := behindEnvoy(t.Context(), o, io.Discard, subjects, tr); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	got, err := report(&out, subjects, o)
	if err != nil {
		t.Fatal(err)
	}
	want := tally{Cases: len(rows)}
	for i, m := range rows {
		switch s := subjects[i]; {
		case slices.Contains([]string{"elided", "suspect", "unsure"}, m.name):
			want.Skipped++
		case len(m.fails) > 0:
			want.Failed++
			fallthrough
		default:
			if m.name == "foreign_seed" && !o.noLua {
				m.excused = nil // the script reads it
			}
			check(t, m, s)
		}
	}
	want.Passed = want.Cases - want.Skipped - want.Failed
	if d := cmp.Diff(want, got); d != "" || got != last(t, out.String()) {
		t.Errorf("tally (-want +got):\n%s", d)
	}
	if strings.Contains(out.String(), "SECRET") {
		t.Error("content in the output")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func check(t *testing.T, m madeRow, s *subject) {
	t.Helper()
	var failed, excused []string
	for _, mode := range modes() {
		if len(s.failures[mode]) > 0 {
			failed = append(failed, mode)
		}
		if s.excused[mode] != "" {
			excused = append(excused, mode)
		}
	}
	if d := cmp.Diff(m.fails, failed); d != "" {
		t.Errorf("%s: failed modes (-want +got):\n%s", m.name, d)
	}
	if d := cmp.Diff(m.excused, excused); d != "" {
		t.Errorf("%s: excused modes (-want +got):\n%s", m.name, d)
	}
}

// What the harness compares by must itself be strict.
func TestDiffers(t *testing.T) {
	a := ask{body: []byte(`{"model":"m","a":1.50,"stream":true}`), model: "m"}
	tests := []struct {
		name, got string
		inject    bool
		same      bool
	}{
		{"equal", `{"model":"m","a":1.50,"stream":true}`, false, true},
		{"spaces", `{"model":"m", "a":1.50,"stream":true}`, false, false},
		{"injected", `{"stream_options":{"include_usage":true},"model":"m","a":1.50,"stream":true}`, true, true},
		{"not_injected", `{"model":"m","a":1.50,"stream":true}`, true, false},
		{"number_rewritten", `{"stream_options":{"include_usage":true},"model":"m","a":1.5,"stream":true}`, true, false},
		{"injected_unasked", `{"stream_options":{"include_usage":true},"model":"m","a":1.50,"stream":true}`, false, false},
	}
	for _, tt := range tests {
		a.inject = tt.inject
		if d := a.differs([]byte(tt.got)); (d == "") != tt.same {
			t.Errorf("%s: %q", tt.name, d)
		}
	}
}

func TestWithoutUsageEvents(t *testing.T) {
	crlf := strings.ReplaceAll(told, "\n", "\r\n")
	tests := []struct{ name, body, want string }{
		{"usage_event", deltas + told + done, deltas + done},
		{"crlf", deltas + crlf + done, deltas + done},
		{"several_data_lines", "data: {\"choices\":[],\ndata: \"usage\":{}}\n\n" + done, done},
		{"usage_beside_choices", `data: {"choices":[{}],"usage":{}}` + "\n\n", `data: {"choices":[{}],"usage":{}}` + "\n\n"},
		{"null_usage", `data: {"choices":[],"usage":null}` + "\n\n", `data: {"choices":[],"usage":null}` + "\n\n"},
		{"quoted", `data: {"choices":[{"t":"\"choices\":[],\"usage\":{}"}]}` + "\n\n", `data: {"choices":[{"t":"\"choices\":[],\"usage\":{}"}]}` + "\n\n"},
	}
	for _, tt := range tests {
		if got := string(withoutUsageEvents([]byte(tt.body))); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestKinds(t *testing.T) {
	k := kinds{}
	for label, want := range map[string]string{"groq": "groq", "alibaba": "openai", "together": "together", `odd"`: "openai"} {
		if got := k.of("openai", label); got != want {
			t.Errorf("%s: %s, want %s", label, got, want)
		}
	}
}
