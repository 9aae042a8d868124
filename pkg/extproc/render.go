package extproc

import (
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/stage/record"
)

// Numbers of ProcessingResponse and of the messages below it.
const (
	answerRequestHeaders   protowire.Number = 1
	answerResponseHeaders  protowire.Number = 2
	answerRequestBody      protowire.Number = 3
	answerResponseBody     protowire.Number = 4
	answerRequestTrailers  protowire.Number = 5
	answerResponseTrailers protowire.Number = 6
	answerImmediate        protowire.Number = 7
	answerMetadata         protowire.Number = 8
	answerMode             protowire.Number = 9
	answerTyped            protowire.Number = 13

	commonStatus protowire.Number = 1
	commonBody   protowire.Number = 3
	commonClear  protowire.Number = 5

	continueAndReplace = 1
)

// bodyMode is ProcessingMode.BodySendMode.
type bodyMode uint64

const (
	modeStreamed bodyMode = 1
	modeBuffered bodyMode = 2
	modeDuplex   bodyMode = 4
)

// pool holds the buffers of bodies and replies.
var pool = new(bufferPool)

// plain are the replies that change nothing, encoded once.
var plain = map[protowire.Number]mem.Buffer{
	answerRequestHeaders:   canned(answerRequestHeaders),
	answerResponseHeaders:  canned(answerResponseHeaders),
	answerResponseBody:     canned(answerResponseBody),
	answerRequestTrailers:  mem.SliceBuffer(protowire.AppendBytes(protowire.AppendTag(nil, answerRequestTrailers, protowire.BytesType), nil)),
	answerResponseTrailers: mem.SliceBuffer(protowire.AppendBytes(protowire.AppendTag(nil, answerResponseTrailers, protowire.BytesType), nil)),
}

func canned(num protowire.Number) mem.Buffer {
	var e encoder
	m := e.open(num)
	e.close(e.open(1), 0) // CommonResponse
	e.close(m, 0)
	return mem.SliceBuffer(e.b)
}

func unchanged(num protowire.Number) reply { return reply{head: plain[num]} }

// dispatch is the answer to the request's body: the request for the first
// candidate, the order for the proxy, the ticket and the facts. body is nil
// when the caller's bytes go out as they are.
func dispatch(x *pipeline.Exchange, facts string, body mem.Buffer) reply {
	e := newEncoder(pool, 2048)
	e.metadata(x, facts)
	n := 0
	if body != nil {
		n = body.Len()
	}
	tail := e.bodyTail(n)
	b := e.open(answerRequestBody)
	c := e.open(1)
	e.mutation(requestHeadersFor(x, n, body != nil), removals(&x.Order[0]))
	e.varint(commonClear, 1)
	if body != nil {
		e.b = append(e.b, tail...)
	}
	e.close(c, n)
	e.close(b, n)
	return reply{head: e.buffer(pool), body: body}
}

// bodyTail is the start of a BodyMutation of n bytes, up to the bytes
// themselves, as field 3 of a CommonResponse.
func (*encoder) bodyTail(n int) []byte {
	var inner [16]byte
	head := protowire.AppendVarint(protowire.AppendTag(inner[:0], 1, protowire.BytesType), uint64(n))
	tail := protowire.AppendVarint(protowire.AppendTag(nil, commonBody, protowire.BytesType), uint64(len(head)+n))
	return append(tail, head...)
}

// credentials are the headers in which a caller's key may have come. No
// provider may see it.
var credentials = []string{"authorization", "x-api-key", "api-key", "x-goog-api-key"}

func requestHeadersFor(x *pipeline.Exchange, n int, replaced bool) []header {
	p := &x.Order[0]
	perTry := record.PerTry(x.Decision.Route, x.Call.Stream)
	h := make([]header, 0, 8)
	h = append(h,
		header{":path", p.Path},
		header{":authority", p.Candidate.Backend.Authority},
		header{"x-envoy-max-retries", strconv.Itoa(len(x.Order) - 1)},
		header{"x-envoy-upstream-rq-per-try-timeout-ms", millis(perTry)},
		header{"x-envoy-upstream-rq-timeout-ms", millis(record.Limit(x))})
	if replaced {
		h = append(h, header{"content-length", strconv.Itoa(n)})
	}
	if p.Translated {
		h = append(h, wantedBy(p)...)
	}
	if leaves(x) { // then the proxy's route sets the answer's headers
		h = append(h, header{"x-signalbox-route", "decided"})
	}
	if x.CopyTicket != (pipeline.Ticket{}) { // which route makes a copy
		h = append(h, header{shadowHeader, "1"})
	}
	return h
}

// wantedBy are what a backend wants on a translated request.
func wantedBy(p *pipeline.Planned) []header {
	h := make([]header, 0, 1+len(p.Dialect.Headers))
	h = append(h, header{"content-type", "application/json"})
	for _, f := range p.Dialect.Headers {
		h = append(h, header(f))
	}
	return h
}

// foreign are the headers by which clients of a dialect choose versions and
// features of it: they mean nothing, or something else, to another provider.
var foreign = []string{"anthropic-version", "anthropic-beta", "openai-beta", "x-goog-api-client"}

func removals(p *pipeline.Planned) []string {
	if !p.Translated {
		return credentials
	}
	return slices.Concat(credentials, foreign)
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// metadata appends the dynamic metadata: our facts, and the order as full
// groups over the route's dead end.
func (e *encoder) metadata(x *pipeline.Exchange, facts string) {
	top := e.open(answerMetadata)
	f, v, s := e.structOpen("signalbox")
	e.structField("ticket", ticketText(x.Ticket))
	e.structField("facts", facts)
	e.structField("model", x.Order[0].Candidate.Model)
	e.structField("rule", x.Decision.Route.Name)
	e.structField("api", x.Dialect.Family) // whose shape the proxy's own errors take
	if x.ShadowOf == "" && x.HiddenByProxy() {
		e.structFlag("hide_usage")
	}
	if x.CopyTicket != (pipeline.Ticket{}) {
		e.structField("shadow", ticketText(x.CopyTicket)) // the mirror gives it to the copy
	}
	e.structClose(f, v, s)
	e.close(top, 0)
	e.order(x)
}

// orderType is what priority_group reads without converting it first
// (extensions/router/cluster_specifiers/priority_group/v3).
const orderType = "type.googleapis.com/envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupsOverride"

// order appends the order as typed metadata: one group for each candidate.
func (e *encoder) order(x *pipeline.Exchange) {
	entry := e.open(answerTyped)
	e.string(1, "signalbox.order")
	a := e.open(2)
	e.string(1, orderType)
	o := e.open(2)
	for i := range x.Order {
		b := x.Order[i].Candidate.Backend
		name := b.AttemptCluster()
		switch {
		case x.ShadowOf != "":
			name = b.ShadowCluster()
		case i == 0 && !x.Order[i].Owned:
			name = b.Cluster()
		}
		group := e.open(1)
		e.string(1, name)
		cluster := e.open(2)
		e.string(1, name)
		weight := e.open(2)
		e.varint(1, 1)
		e.close(weight, 0)
		e.close(cluster, 0)
		e.close(group, 0)
	}
	e.close(o, 0)
	e.close(a, 0)
	e.close(entry, 0)
}

func (e *encoder) structOpen(key string) (field, value, inner int) {
	field = e.open(1)
	e.string(1, key)
	value = e.open(2)
	return field, value, e.open(5)
}

func (e *encoder) structClose(field, value, inner int) {
	e.close(inner, 0)
	e.close(value, 0)
	e.close(field, 0)
}

// attempt is the answer of the attempt filter: the whole request for one
// candidate. mode is how the answer's body is to come, 0 for not at all.
func attempt(p *pipeline.Planned, body mem.Buffer, mode bodyMode) reply {
	n := body.Len()
	e := newEncoder(pool, 1024)
	e.attemptMode(mode)
	h := e.open(answerRequestHeaders)
	c := e.open(1)
	e.varint(commonStatus, continueAndReplace)
	set := []header{
		{":path", p.Path},
		{":authority", p.Candidate.Backend.Authority},
		{"x-signalbox-content-length", strconv.Itoa(n)},
	}
	if p.Translated {
		set = append(set, wantedBy(p)...)
	}
	e.mutation(set, removals(p))
	e.b = append(e.b, e.bodyTail(n)...)
	e.close(c, n)
	e.close(h, n)
	return reply{head: e.buffer(pool), body: body}
}

// rewritePath takes the key out of the path at once, whatever becomes of the
// request.
func rewritePath(x *pipeline.Exchange) reply {
	path := x.Head.Path
	if x.Head.Query != "" {
		path += "?" + x.Head.Query
	}
	e := newEncoder(pool, 256)
	h := e.open(answerRequestHeaders)
	c := e.open(1)
	e.mutation([]header{{":path", path}}, nil)
	e.close(c, 0)
	e.close(h, 0)
	return reply{head: e.buffer(pool)}
}

// answerHead is the answer to the response headers; mode 0 asks for no body.
func answerHead(set []header, remove []string, mode bodyMode) reply {
	if len(set)+len(remove) == 0 && mode == 0 {
		return unchanged(answerResponseHeaders)
	}
	e := newEncoder(pool, 512)
	h := e.open(answerResponseHeaders)
	c := e.open(1)
	e.mutation(set, remove)
	e.close(c, 0)
	e.close(h, 0)
	e.mode(mode)
	return reply{head: e.buffer(pool)}
}

// noBody answers the response headers where an earlier answer asked for the
// body: it is not wanted after all.
func noBody() reply {
	e := newEncoder(pool, 64)
	h := e.open(answerResponseHeaders)
	e.close(e.open(1), 0)
	e.close(h, 0)
	const send, skip = 1, 2
	m := e.open(answerMode)
	e.varint(1, send)
	e.varint(2, send)
	e.varint(5, skip)
	e.varint(6, skip)
	e.close(m, 0)
	return reply{head: e.buffer(pool)}
}

func (e *encoder) mode(mode bodyMode) { e.modes(modeBuffered, mode) }

// attemptMode asks for the answer in the attempt filter, which has no body of
// the request, or, with mode 0, not even for its head: the filter is done then.
func (e *encoder) attemptMode(mode bodyMode) {
	if mode != 0 {
		e.modes(0, mode)
		return
	}
	const send, skip = 1, 2
	m := e.open(answerMode)
	e.varint(1, send)
	e.varint(2, skip)
	e.varint(5, skip)
	e.varint(6, skip)
	e.close(m, 0)
}

func (e *encoder) modes(request, mode bodyMode) {
	if mode == 0 {
		return
	}
	const send, skip = 1, 2
	m := e.open(answerMode)
	e.varint(1, send) // request headers
	e.varint(2, send) // response headers
	if request != 0 {
		e.varint(3, uint64(request))
	}
	e.varint(4, uint64(mode))
	e.varint(5, skip)
	if mode == modeDuplex {
		e.varint(6, send) // Envoy demands it with full duplex
	} else {
		e.varint(6, skip)
	}
	e.close(m, 0)
}

// replaceAnswer answers the response headers with a whole new answer: what
// follows from the provider is dropped.
func replaceAnswer(set []header, remove []string, body []byte) reply {
	e := newEncoder(pool, 1024+len(body))
	h := e.open(answerResponseHeaders)
	c := e.open(1)
	e.varint(commonStatus, continueAndReplace)
	e.mutation(set, remove)
	e.b = append(append(e.b, e.bodyTail(len(body))...), body...)
	e.close(c, 0)
	e.close(h, 0)
	return reply{head: e.buffer(pool)}
}

// maxPiece is the most that one full-duplex answer may carry.
const maxPiece = 64 << 10

// piece is one full-duplex answer to the response body.
func piece(data []byte, end bool) reply {
	e := newEncoder(pool, 64+len(data))
	b := e.open(answerResponseBody)
	c := e.open(1)
	m := e.open(commonBody)
	s := e.open(3) // streamed_response
	e.bytes(1, data)
	if end {
		e.varint(2, 1)
	}
	e.close(s, 0)
	e.close(m, 0)
	e.close(c, 0)
	e.close(b, 0)
	return reply{head: e.buffer(pool)}
}

// whole is the answer to a buffered response body that was changed.
func whole(set []header, remove []string, data []byte) reply {
	e := newEncoder(pool, 512+len(data))
	b := e.open(answerResponseBody)
	c := e.open(1)
	e.mutation(append(set, header{"content-length", strconv.Itoa(len(data))}), remove)
	e.b = append(append(e.b, e.bodyTail(len(data))...), data...)
	e.close(c, 0)
	e.close(b, 0)
	return reply{head: e.buffer(pool)}
}

// immediate answers the caller without any provider. details is what the
// proxy's log shows as the reason.
func immediate(status int, set []header, body []byte, details string) reply {
	e := newEncoder(pool, 512+len(body))
	m := e.open(answerImmediate)
	s := e.open(1)
	e.varint(1, uint64(status))
	e.close(s, 0)
	e.mutation(set, nil)
	e.bytes(3, body)
	e.string(5, details)
	e.close(m, 0)
	return reply{head: e.buffer(pool)}
}
