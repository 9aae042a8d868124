package settle

import (
	"net/url"
	"strconv"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Facts writes what a ledger row needs of o as a URL query, for the proxy to
// carry in its metadata and print in its log: an entry with facts can be
// settled by a process that never saw the request. The ticket and the proxy's
// request id travel beside it and are left out.
//
//	at=1764000000000000000&dl=…&te=search&ky=key_x&op=chat&mo=gpt&rt=chat&cl=eu&po=0a1b&or=backend~provider~region~model|…&st=1&iu=1&rb=812&nd=node&ci=client
func Facts(o *signalboxv1.Open) string {
	b := make([]byte, 0, 256)
	number := func(key string, n uint64) {
		if n != 0 {
			b = strconv.AppendUint(append(b, key...), n, 10)
		}
	}
	text := func(key, v string) {
		if v != "" {
			b = append(append(b, key...), url.QueryEscape(v)...)
		}
	}
	number("at=", o.TimeNs)
	number("&dl=", o.DeadlineNs)
	text("&te=", o.Team)
	text("&ky=", o.KeyId)
	text("&op=", o.Operation)
	text("&mo=", o.Model)
	text("&rt=", o.Route)
	text("&cl=", o.Class)
	text("&po=", o.Policy)
	for i, c := range o.Order {
		b = append(b, orderStart(i)...)
		b = appendCandidate(b, c)
	}
	number("&st=", bit(o.Stream))
	number("&iu=", bit(o.UsageInjected))
	number("&rb=", uint64(max(o.RequestBytes, 0)))
	text("&nd=", o.Node)
	text("&ci=", o.ClientRequestId)
	return string(b)
}

func orderStart(i int) string {
	if i == 0 {
		return "&or="
	}
	return "%7C" // |
}

func appendCandidate(b []byte, c *signalboxv1.Candidate) []byte {
	for i, v := range [...]string{c.Backend, c.Provider, c.Region, c.Model} {
		if i > 0 {
			b = append(b, '~')
		}
		if strings.ContainsAny(v, "%~|") { // escaped twice: the separators must not stand in a part after one decoding
			v = strings.NewReplacer("%", "%25", "~", "%7E", "|", "%7C").Replace(v)
		}
		b = append(b, url.QueryEscape(v)...)
	}
	return b
}

func bit(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// ParseFacts reads what Facts wrote; nil when s holds no facts. Unknown keys
// are skipped, so that an older reader takes a newer writer's.
func ParseFacts(s string) *signalboxv1.Open {
	v, err := url.ParseQuery(s)
	if err != nil || !v.Has("at") {
		return nil
	}
	number := func(key string) uint64 {
		n, _ := strconv.ParseUint(v.Get(key), 10, 64) // 0 is "not known"
		return n
	}
	return &signalboxv1.Open{
		TimeNs:          number("at"),
		DeadlineNs:      number("dl"),
		Team:            v.Get("te"),
		KeyId:           v.Get("ky"),
		Operation:       v.Get("op"),
		Model:           v.Get("mo"),
		Route:           v.Get("rt"),
		Class:           v.Get("cl"),
		Policy:          v.Get("po"),
		Order:           parseOrder(v.Get("or")),
		Stream:          number("st") == 1,
		UsageInjected:   number("iu") == 1,
		RequestBytes:    int64(number("rb") & (1<<63 - 1)),
		Node:            v.Get("nd"),
		ClientRequestId: v.Get("ci"),
	}
}

func parseOrder(s string) (order []*signalboxv1.Candidate) {
	if s == "" {
		return nil
	}
	for one := range strings.SplitSeq(s, "|") {
		var parts [4]string
		for i, p := range strings.SplitN(one, "~", 4) {
			text, err := url.PathUnescape(p)
			if err != nil {
				text = p
			}
			parts[i] = text
		}
		order = append(order, &signalboxv1.Candidate{Backend: parts[0], Provider: parts[1], Region: parts[2], Model: parts[3]})
	}
	return order
}
