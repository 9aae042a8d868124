package extproc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/stage/fail"
	"github.com/signalbox-dev/signalbox/pkg/stage/read"
	"github.com/signalbox-dev/signalbox/pkg/telemetry"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// scripted stands in for the stages that choose: it plans two candidates, and
// does what the test asks for at the answer.
type scripted struct {
	want    pipeline.Want
	panicAt string
	copies  bool
	chunks  atomic.Int32
	ended   atomic.Int32
}

func (*scripted) Name() string { return "scripted" }
func (*scripted) Access() pipeline.Access {
	return pipeline.Access{Writes: pipeline.SectionDecision}
}

func (s *scripted) RequestHead(x *pipeline.Exchange) *fault.Error {
	x.Caller.Key = &key.Key{ID: "key_test"}
	return nil
}

func (s *scripted) RequestBody(x *pipeline.Exchange) *fault.Error {
	if s.panicAt == "body" {
		panic("secret prompt") //nolint:forbidigo // what the test is about
	}
	e := exchange(2)
	x.Order, x.Decision.Route, x.Open = e.Order, e.Decision.Route, &signalboxv1.Open{}
	if s.copies {
		p := x.Order[1]
		x.Copy = &p
	}
	for i := range x.Order {
		x.Order[i].Target = dialect.Target{Model: x.Order[i].Candidate.Model}
		x.Order[i].Dialect = x.Dialect
	}
	return nil
}

func (s *scripted) AnswerHead(*pipeline.Exchange) pipeline.Want { return s.want }

func (s *scripted) Chunk(_ *pipeline.Exchange, p []byte, _ bool) []byte {
	if s.panicAt == "chunk" {
		panic("secret answer") //nolint:forbidigo // what the test is about
	}
	s.chunks.Add(1)
	if s.want == pipeline.Edit {
		return []byte(strings.ToUpper(string(p)))
	}
	return p
}

func (s *scripted) End(*pipeline.Exchange) { s.ended.Add(1) }

type noBooks struct {
	refused atomic.Int32
	opened  []*signalboxv1.Open
}

func (b *noBooks) Open(o *signalboxv1.Open) error {
	b.opened = append(b.opened, o)
	return nil
}

func (b *noBooks) Refused(*signalboxv1.Open, string, int) { b.refused.Add(1) }

// rig is a server and the Envoy end of its connection, all in one bubble.
type rig struct {
	t     *testing.T
	srv   *Server
	stage *scripted
	books *noBooks
	conn  *grpc.ClientConn
	log   *strings.Builder
}

func newRig(t *testing.T, s *scripted) *rig {
	t.Helper()
	r := &rig{t: t, stage: s, books: &noBooks{}, log: &strings.Builder{}}
	d := openai.New()
	snap := &atomic.Pointer[policy.Snapshot]{}
	snap.Store(&policy.Snapshot{Envoy: policy.Envoy{BodyLimit: 1 << 20}})
	r.srv = &Server{
		Snapshot: snap, Dialect: func(dialect.Head) *dialect.Dialect { return &d }, Store: NewStore(1 << 20), Books: r.books,
		Refused: func(*pipeline.Exchange, string) {}, Opened: func(*pipeline.Exchange) {}, Facts: func(*signalboxv1.Open) string { return "at=1" },
		Metrics: telemetry.NewMetrics(), Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	var err error
	if r.srv.Pipeline, err = pipeline.New(r.srv.Panicked, read.Stage{}, s, fail.Stage{}); err != nil {
		t.Fatal(err)
	}
	l := bufconn.Listen(1 << 20)
	g := r.srv.NewGRPC(1 << 20)
	go g.Serve(l) //nolint:errcheck // ends with Stop
	r.conn, err = grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return l.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.conn.Close(); g.Stop() })
	return r
}

func (r *rig) open(role string) extprocv3.ExternalProcessor_ProcessClient {
	r.t.Helper()
	ctx := metadata.AppendToOutgoingContext(r.t.Context(), roleKey, role)
	st, err := extprocv3.NewExternalProcessorClient(r.conn).Process(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

func (r *rig) send(st extprocv3.ExternalProcessor_ProcessClient, m *extprocv3.ProcessingRequest) *extprocv3.ProcessingResponse {
	r.t.Helper()
	if err := st.Send(m); err != nil {
		r.t.Fatal(err)
	}
	out, err := st.Recv()
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) head(kv ...string) *extprocv3.ProcessingRequest {
	all := append([]string{":method", "POST", ":path", "/v1/chat/completions", "content-type", "application/json", "x-request-id", "id-1"}, kv...)
	return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: headersOf(r.t, false, all...)}}
}

func bodyOf(text string) *extprocv3.ProcessingRequest {
	return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte(text), EndOfStream: true}}}
}

func (r *rig) answer(end bool, attempts string, kv ...string) *extprocv3.ProcessingRequest {
	return &extprocv3.ProcessingRequest{
		Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: headersOf(r.t, end, append(kv, "x-signalbox-attempts", attempts)...)},
	}
}

func chunkOf(text string, end bool) *extprocv3.ProcessingRequest {
	return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{Body: []byte(text), EndOfStream: end}}}
}

const prompt = `{"model":"x","messages":[{"role":"user","content":"hi"}]}`

// asked is a stream whose request has been answered, and its ticket.
func (r *rig) asked() (extprocv3.ExternalProcessor_ProcessClient, string) {
	r.t.Helper()
	st := r.open(roleRequest)
	r.send(st, r.head())
	m := r.send(st, bodyOf(prompt))
	if got := string(m.GetRequestBody().GetResponse().GetBodyMutation().GetBody()); got != strings.Replace(prompt, `"x"`, `"model-a"`, 1) {
		r.t.Fatalf("body for the first candidate: %s", got)
	}
	return st, m.DynamicMetadata.Fields["signalbox"].GetStructValue().Fields["ticket"].GetStringValue()
}

func over1(t *testing.T, st extprocv3.ExternalProcessor_ProcessClient, want error) {
	t.Helper()
	_, err := st.Recv()
	if errors.Is(want, io.EOF) && !errors.Is(err, io.EOF) {
		t.Errorf("stream ends with %v, want OK", err)
	}
	if !errors.Is(want, io.EOF) && (err == nil || errors.Is(err, io.EOF)) {
		t.Errorf("stream ends with OK, want an error")
	}
}

func TestReleaseAfterTheAnswersHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{})
		st, _ := r.asked()
		if r.srv.Store.Len() != 1 || r.srv.Store.Bytes() != int64(len(prompt)) {
			t.Errorf("kept %d sessions, %d bytes", r.srv.Store.Len(), r.srv.Store.Bytes())
		}
		m := r.send(st, r.answer(false, "1", ":status", "200", "content-type", "application/json"))
		if m.ModeOverride != nil || m.GetResponseHeaders() == nil {
			t.Errorf("answer %v", m)
		}
		over1(t, st, io.EOF)
		synctest.Wait()
		if r.srv.Store.Len() != 0 || r.srv.Store.Bytes() != 0 || r.stage.ended.Load() != 1 {
			t.Errorf("kept %d sessions, %d bytes; %d ends", r.srv.Store.Len(), r.srv.Store.Bytes(), r.stage.ended.Load())
		}
	})
}

func TestAttemptGetsItsOwnRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{})
		_, ticket := r.asked()
		for cluster, want := range map[string]string{"b~": "model-b", "a": "model-a"} {
			m := r.attempt(ticket, cluster)
			if got := string(m.GetRequestHeaders().GetResponse().GetBodyMutation().GetBody()); !strings.Contains(got, want) {
				t.Errorf("%s gets %s", cluster, got)
			}
		}
		for name, c := range map[string][2]string{
			"foreign cluster": {ticket, "c~"}, "plain cluster of a later candidate": {ticket, "b"},
			"forged ticket": {strings.Repeat("0", 32), "b~"}, "no ticket": {"", "b~"}, "odd ticket": {"zz", "b~"},
		} {
			i := r.attempt(c[0], c[1]).GetImmediateResponse()
			if i.GetStatus().GetCode() != 503 || !strings.HasPrefix(i.Details, "signalbox_") || !strings.Contains(string(i.Body), `"code":"`) {
				t.Errorf("%s: %v", name, i)
			}
		}
	})
}

func (r *rig) attempt(ticket, cluster string) *extprocv3.ProcessingResponse {
	r.t.Helper()
	st := r.open(roleAttempt)
	m := r.head()
	m.Attributes = attributes(r.t, map[string]any{"xds.cluster_name": cluster})
	m.MetadataContext = metadataOf(r.t, "signalbox", map[string]any{"ticket": ticket})
	out := r.send(st, m)
	over1(r.t, st, io.EOF)
	return out
}

func TestNoSessionOutlivesItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{})
		st, ticket := r.asked()
		if err := st.CloseSend(); err != nil { // Envoy is done: the caller left
			t.Fatal(err)
		}
		over1(t, st, io.EOF)
		synctest.Wait()
		if i := r.attempt(ticket, "b~").GetImmediateResponse(); !strings.Contains(string(i.GetBody()), "session_lost") {
			t.Errorf("attempt after the end: %v", i)
		}
	})
}

func TestStays(t *testing.T) {
	for name, c := range map[string]struct {
		want pipeline.Want
		mode int32
		out  string
	}{
		"chunks": {pipeline.Chunks, 1, ""},
		"edit":   {pipeline.Edit, 4, "ONE"},
		"whole":  {pipeline.Whole, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, &scripted{want: c.want})
				st, _ := r.asked()
				m := r.send(st, r.answer(false, "1", ":status", "200", "content-type", "text/event-stream"))
				if got := int32(m.ModeOverride.GetResponseBodyMode()); got != c.mode {
					t.Errorf("mode %d, want %d", got, c.mode)
				}
				b := r.send(st, chunkOf("one", true)).GetResponseBody().GetResponse().GetBodyMutation()
				if got := string(b.GetStreamedResponse().GetBody()); got != c.out {
					t.Errorf("chunk became %q, want %q", got, c.out)
				}
				over1(t, st, io.EOF)
				if r.stage.chunks.Load() != 1 {
					t.Errorf("%d chunks seen", r.stage.chunks.Load())
				}
			})
		})
	}
}

func TestStalledErrorBodyHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{})
		st, _ := r.asked()
		m := r.send(st, r.answer(false, "1", ":status", "400", "content-type", "application/json"))
		if m.ModeOverride.GetResponseBodyMode() != 4 {
			t.Fatalf("mode %v", m.ModeOverride)
		}
		began := time.Now()
		if err := st.Send(chunkOf(`{"error":{"mess`, false)); err != nil {
			t.Fatal(err)
		}
		out, err := st.Recv()
		if err != nil {
			t.Fatal(err)
		}
		s := out.GetResponseBody().GetResponse().GetBodyMutation().GetStreamedResponse()
		if took := time.Since(began); took != errorDeadline || !s.GetEndOfStream() || !strings.Contains(string(s.GetBody()), `"error"`) {
			t.Errorf("after %v: %v", took, s)
		}
		if err := st.CloseSend(); err != nil {
			t.Fatal(err)
		}
		over1(t, st, io.EOF)
	})
}

func TestPanicFailsItsRequestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{panicAt: "body"})
		st := r.open(roleRequest)
		r.send(st, r.head())
		i := r.send(st, bodyOf(prompt)).GetImmediateResponse()
		if i.GetStatus().GetCode() != 500 || !strings.Contains(string(i.GetBody()), "internal_error") {
			t.Errorf("answer %v", i)
		}
		over1(t, st, io.EOF)
		r.stage.panicAt = ""
		r.asked()
		if strings.Contains(r.log.String(), "secret") || !strings.Contains(r.log.String(), "panic recovered") {
			t.Errorf("log: %s", r.log)
		}
		if r.srv.Store.Bytes() != int64(len(prompt)) {
			t.Errorf("%d bytes reserved", r.srv.Store.Bytes())
		}
	})
}

func TestPanicMidAnswerResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{want: pipeline.Chunks, panicAt: "chunk"})
		st, _ := r.asked()
		r.send(st, r.answer(false, "1", ":status", "200"))
		if err := st.Send(chunkOf("x", false)); err != nil {
			t.Fatal(err)
		}
		over1(t, st, status.Error(codes.Internal, ""))
	})
}

func TestPhasesOutOfOrderAreRefused(t *testing.T) {
	for name, first := range map[string]*extprocv3.ProcessingRequest{
		"body first": bodyOf(prompt), "chunk first": chunkOf("x", true), "empty": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, &scripted{})
				for _, role := range []string{roleRequest, roleAttempt, roleShadow, "other"} {
					st := r.open(role)
					_ = st.Send(first) // the stream may be over already
					over1(t, st, status.Error(codes.InvalidArgument, ""))
				}
			})
		})
	}
}

func TestDrainingRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{})
		if err := r.srv.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		i := r.send(r.open(roleRequest), r.head()).GetImmediateResponse()
		if i.GetStatus().GetCode() != 503 || !strings.Contains(string(i.GetBody()), "shutting_down") {
			t.Errorf("answer %v", i)
		}
	})
}

func TestFullSessionMemoryRunsWithoutFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{})
		r.srv.Store = NewStore(int64(len(prompt)) - 1)
		st := r.open(roleRequest)
		r.send(st, r.head())
		r.send(st, bodyOf(prompt))
		if r.srv.Store.Bytes() != 0 {
			t.Errorf("%d bytes kept", r.srv.Store.Bytes())
		}
	})
}
