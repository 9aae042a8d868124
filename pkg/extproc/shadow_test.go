package extproc

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
)

// mirrored is the answer to the head of a copy with this ticket.
func (r *rig) mirrored(ticket string) *extprocv3.ProcessingResponse {
	r.t.Helper()
	st := r.open(roleShadow)
	out := r.send(st, r.head("x-request-id", "id-2", shadowHeader, ticket))
	over1(r.t, st, io.EOF)
	return out
}

// shadowOf is the ticket of a request's copy, empty when none is to be made.
func (r *rig) shadowOf() (own, ticket string) {
	r.t.Helper()
	st := r.open(roleRequest)
	r.send(st, r.head())
	m := r.send(st, bodyOf(prompt))
	fields := m.DynamicMetadata.Fields["signalbox"].GetStructValue().Fields
	ticket = fields["shadow"].GetStringValue()
	if marked := set(m.GetRequestBody().Response.HeaderMutation)[shadowHeader] != ""; marked != (ticket != "") {
		r.t.Fatalf("the request is marked %v, the copy's ticket is %q", marked, ticket)
	}
	return fields["ticket"].GetStringValue(), ticket
}

func TestCopyIsARequestOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{copies: true})
		own, ticket := r.shadowOf()
		if own == ticket || r.srv.Store.Len() != 2 || r.srv.Store.Bytes() != 2*int64(len(prompt)) {
			t.Fatalf("tickets %s %s, %d sessions, %d bytes", own, ticket, r.srv.Store.Len(), r.srv.Store.Bytes())
		}
		m := r.mirrored(ticket)
		c := m.GetRequestHeaders().GetResponse()
		h := set(c.GetHeaderMutation())
		f := m.DynamicMetadata.Fields["signalbox"].GetStructValue().Fields
		if !c.GetClearRouteCache() || h["x-envoy-max-retries"] != "0" || h[":authority"] != "b.example:8443" || h[shadowHeader] != "" ||
			f["ticket"].GetStringValue() != ticket || f["hide_usage"] != nil || f["shadow"] != nil {
			t.Errorf("answer to the copy: %v", m)
		}
		if order := m.TypedDynamicMetadata["signalbox.order"].String(); !strings.Contains(order, "b~shadow") || strings.Contains(order, "a~") {
			t.Errorf("order of the copy: %s", order)
		}
		if o := r.books.opened; len(o) != 1 || o[0].ShadowOf != "id-1" || o[0].RequestId != "id-2" || len(o[0].Order) != 1 || o[0].Order[0].Backend != "b" {
			t.Errorf("opened %v", o)
		}
		for _, cluster := range []string{"a", "a~", "b~", "a~shadow"} {
			if i := r.attempt(ticket, cluster).GetImmediateResponse(); i == nil {
				t.Errorf("the copy may go to %s", cluster)
			}
		}
		got := r.attempt(ticket, "b~shadow").GetRequestHeaders().GetResponse().GetBodyMutation().GetBody()
		if !strings.Contains(string(got), `"messages"`) {
			t.Errorf("body of the copy: %s", got)
		}
		if i := r.attempt(own, "b~shadow").GetImmediateResponse(); i == nil {
			t.Error("the request itself went where copies go")
		}
		r.srv.Store.Sweep(time.Now().Add(2 * copyWait))
		if r.srv.Store.Len() > 1 {
			t.Error("the copy's session is kept")
		}
	})
}

func TestOnlyExpectedCopiesAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{copies: true})
		own, ticket := r.shadowOf()
		r.mirrored(ticket)
		for name, text := range map[string]string{"twice": ticket, "request": own, "forged": strings.Repeat("0", 32), "none": "", "odd": "1"} {
			if i := r.mirrored(text).GetImmediateResponse(); i.GetStatus().GetCode() != 503 {
				t.Errorf("%s: a copy is sent", name)
			}
		}
		if n := len(r.books.opened); n != 1 {
			t.Errorf("%d copies are in the books", n)
		}
	})
}

func TestNoCopyWithoutMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &scripted{copies: true})
		r.srv.Store = NewStore(int64(len(prompt)) + 1)
		if _, ticket := r.shadowOf(); ticket != "" || r.srv.Store.Len() != 1 {
			t.Errorf("a copy is made, %d sessions", r.srv.Store.Len())
		}
	})
}
