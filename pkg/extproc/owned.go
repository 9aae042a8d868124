package extproc

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/stage/translate"
)

// owned is the answer of an attempt that the attempt filter owns: it translates
// it into the caller's dialect, meters it, and holds it until the route's gates
// let it through. What it turns down the proxy tries elsewhere; the caller never
// sees it.
type owned struct {
	srv  *Server
	out  sender
	x    *pipeline.Exchange // what the request phases left of it: not written any more
	i    int
	lost []string

	answer pipeline.Answer
	tr     *dialect.Translator
	hider  dialect.Filter
	read   pipeline.Reading

	bare    bool   // the answer ends with its head
	holding bool   // the head waits for a verdict
	held    []byte // of the body, as the caller may get it
	closed  bool   // the reading is complete
	told    bool   // and reported
}

func newOwned(s *Server, x *pipeline.Exchange, i int, lost []string) *owned {
	return &owned{srv: s, x: x, i: i, lost: lost}
}

// serve answers the messages of the answer until its end.
func (o *owned) serve(r *received) error {
	defer o.end()
	for {
		if err := o.out.st.RecvMsg(r); err != nil {
			return over(err)
		}
		done, err := o.handle(r)
		if done || err != nil {
			return err
		}
	}
}

func (o *owned) handle(r *received) (done bool, err error) {
	switch {
	case r.phase == responseHeaders && o.tr == nil:
		return o.head(headers(r.body))
	case r.phase == responseBody && o.tr != nil:
		data, end := chunk(r.body)
		return o.body(data, end)
	case r.phase == responseTrailers && o.tr != nil:
		if done, err := o.body(nil, true); err != nil || done {
			return done, err
		}
		return true, o.out.send(unchanged(answerResponseTrailers), true)
	}
	return false, status.Errorf(codes.InvalidArgument, "attempt filter: unexpected phase %d", r.phase)
}

func (o *owned) head(h headers) (bool, error) {
	o.answer = answerOf(h, len(o.x.Order))
	if o.answer.Status < 200 || o.answer.Status > 299 {
		return true, o.out.send(noBody(), true) // a failure is the proxy's, and then the request filter's
	}
	o.read.First = time.Now()
	o.tr = translate.Open(o.x, o.i, o.answer.ContentEncoding)
	if p := &o.x.Order[o.i]; p.Hides() && !o.x.HiddenByProxy() {
		o.hider = o.x.Dialect.Answer.Hider()
	}
	switch {
	case h.end():
		o.bare, o.holding = true, true
		return o.body(nil, true)
	case !o.x.Call.Stream: // the proxy holds the head until the body is answered
		return false, o.out.send(unchanged(answerResponseHeaders), false)
	case o.gates() != 0:
		o.holding = true
		return false, nil
	}
	return false, o.out.send(answerHead(o.headers(), o.removals(), 0), false)
}

// removals are the headers of the provider's that do not fit the answer any
// more.
func (o *owned) removals() []string {
	if o.translated() {
		return append([]string{"content-length", "content-encoding"}, foreignAnswer...)
	}
	return []string{"content-length"}
}

func (o *owned) gates() policy.Gate { return o.x.Decision.Route.Gates }

// headers are what the answer gets from us.
func (o *owned) headers() []header {
	var h []header
	if o.x.Order[o.i].Translated {
		h = append(h, header{"content-type", translate.ContentType(o.x)})
	}
	if len(o.lost) > 0 {
		h = append(h, header{lostHeader, listed(o.lost)})
	}
	return h
}

// lostHeader names the fields of the request that the answering provider did
// not get.
const lostHeader = "x-signalbox-lost-fields"

// maxListed bounds the value of a header that lists names of callers' fields.
const maxListed = 1 << 10

// listed joins names for a header. A list that is too long ends in "...".
func listed(names []string) string {
	s := strings.Join(names, ", ")
	if len(s) <= maxListed {
		return s
	}
	i := strings.LastIndex(s[:maxListed], ", ")
	return s[:max(i, 0)] + ", ..."
}

// foreignAnswer are headers of providers' answers that speak to clients of their
// own dialect.
var foreignAnswer = []string{
	"request-id", "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset",
	"anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset",
	"anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset",
	"anthropic-ratelimit-output-tokens-limit", "anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset",
}

// body takes the next piece of the answer.
func (o *owned) body(data []byte, end bool) (bool, error) {
	o.read.Bytes += int64(len(data))
	out := o.tr.Next(data)
	o.read.Began(o.tr.Seen())
	if end || o.tr.Seen().Trouble != nil && o.translated() {
		out = o.close(out, end)
	}
	if o.hider != nil {
		if out = o.hider.Feed(nil, out); end {
			out = o.hider.Close(out)
		}
	}
	if !o.holding && o.x.Call.Stream {
		return o.pass(out, end)
	}
	o.held = append(o.held, out...)
	if !o.x.Call.Stream && !end {
		return false, nil
	}
	return o.judge(end)
}

func (o *owned) translated() bool { return o.x.Order[o.i].Translated }

// close ends the reading; whole says that the body came to its end.
func (o *owned) close(out []byte, whole bool) []byte {
	if o.closed {
		return out
	}
	o.closed, o.read.Complete = true, whole
	out, o.read.Reading = o.tr.Close(out, whole)
	return out
}

// judge decides whether what is held may leave.
func (o *owned) judge(end bool) (bool, error) {
	seen := o.tr.Seen()
	why, gate := verdict(seen, o.read.Malformed, end)
	switch {
	case gate != 0 && o.gates()&gate != 0 && (!o.last() || seen.Trouble != nil):
		return o.reject(why)
	case seen.Trouble != nil && o.translated(): // nothing has left: it can be an error with its status
		return o.failed(*seen.Trouble)
	case gate == 0 && !end && !seen.Content && o.read.Bytes <= o.x.Decision.Route.HoldLimit:
		return false, nil // nothing to go by yet
	case !o.x.Call.Stream, o.bare:
		o.report("")
		return o.whole(o.headers(), o.held)
	}
	o.holding = false
	if err := o.out.send(answerHead(o.headers(), o.removals(), 0), false); err != nil {
		return false, err
	}
	return o.pass(o.held, end)
}

// verdict is why an answer may be turned down, and the gate that does so; no
// gate while there is nothing to go by, or when the answer is good.
func verdict(s dialect.Seen, malformed int, end bool) (string, policy.Gate) {
	switch t := s.Trouble; {
	case t != nil && ours(t) && (malformed > 0 || s.Content):
		return "malformed", policy.GateMalformed
	case t != nil && ours(t):
		return "empty", policy.GateEmpty
	case t != nil:
		return "error", policy.GateError
	case s.Content:
		return "", 0
	case s.Filtered:
		return "content_filter", policy.GateFilter
	case end:
		return "empty", policy.GateEmpty
	}
	return "", 0
}

// ours reports whether the trouble is that of an answer without an end, not one
// that the provider stated.
func ours(t *dialect.Trouble) bool {
	return t.Code == fault.AnswerFailed.Code() || t.Code == fault.StreamBroken.Code()
}

func (o *owned) last() bool { return o.i == len(o.x.Order)-1 }

// reject has the proxy try the next candidate; after the last one the caller
// gets an error. An answer of the last one that has no content but is complete
// is not turned down.
func (o *owned) reject(why string) (bool, error) {
	o.close(nil, false)
	o.srv.Metrics.Gated.WithLabelValues(why).Inc()
	if o.last() {
		return o.failed(*o.tr.Seen().Trouble)
	}
	o.report(why)
	return o.whole([]header{{":status", "503"}}, nil) // which is retried
}

// failed answers with an error in the caller's dialect.
func (o *owned) failed(t dialect.Trouble) (bool, error) {
	o.report("")
	if t.Status < 400 {
		t.Status = fault.AnswerFailed.Status()
	}
	code := fault.ProviderError.Code() // the provider's own word is no label
	if ours(&t) {
		code = t.Code
	}
	h := []header{
		{":status", strconv.Itoa(t.Status)},
		{"content-type", "application/json"},
		{"x-signalbox-error", code},
		{"x-request-id", o.x.Head.ID},
	}
	return o.whole(h, o.x.Dialect.Errors.Render(t, !o.translated(), o.x.Head.ID))
}

// whole answers with a body in one piece, when nothing of the answer has left.
func (o *owned) whole(set []header, body []byte) (bool, error) {
	switch {
	case o.bare:
		return true, o.out.send(replaceAnswer(append(set, header{"content-length", strconv.Itoa(len(body))}), encodings, body), true)
	case !o.x.Call.Stream:
		return true, o.out.send(whole(set, o.removals(), body), true)
	}
	if err := o.out.send(answerHead(set, []string{"content-length", "content-encoding"}, 0), false); err != nil {
		return false, err
	}
	return true, pieces(&o.out, body, true)
}

// pass sends what may leave of a stream whose head has.
func (o *owned) pass(out []byte, end bool) (bool, error) {
	if o.tr.Seen().Trouble != nil && o.translated() {
		o.report("")
		return false, breakOff(&o.out, o.tr.Fail(out))
	}
	if end {
		o.report("")
	}
	return end, pieces(&o.out, out, end)
}

// end reports an answer that was cut: the caller left, the provider broke off,
// or the proxy lost patience while it was held.
func (o *owned) end() {
	if o.tr == nil || o.told {
		return
	}
	failed := o.tr.Seen().Trouble != nil
	o.close(nil, false)
	o.read.Failed = o.read.Failed || failed
	o.send("")
}

// report hands the reading of an answer that we ended to the books.
func (o *owned) report(rejected string) {
	if o.told {
		return
	}
	o.read.Failed = o.read.Failed || o.tr.Seen().Trouble != nil
	o.send(rejected)
}

func (o *owned) send(rejected string) {
	o.told = true
	if !o.read.Found {
		o.srv.Metrics.UsageMissing.WithLabelValues("not_in_answer").Inc()
	}
	r := o.read
	r.Attempt, r.Cluster, r.Status, r.Start = o.i+1, o.x.Order[o.i].Candidate.Backend.Cluster(), o.answer.Status, o.x.Arrived
	r.Translated, r.Rejected = o.translated(), rejected
	o.srv.Readings.Metered(o.x.Ticket, r)
}
