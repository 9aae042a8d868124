package witness

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// maxFact bounds what a caller can put into the log, in bytes.
const maxFact = 128

// Facts writes what a ledger row needs of o as a URL query string. It travels
// with the request as dynamic metadata and comes back in the log, so that a
// process that never saw the request can settle it. The ticket comes first; the
// request id travels beside it.
func Facts(o *signalboxv1.Open) string {
	b := make([]byte, 0, 384)
	text := func(key, v string) {
		if v != "" {
			b = escape(append(append(b, key...), '='), v)
			b = append(b, '&')
		}
	}
	number := func(key string, n int64) {
		if n != 0 {
			b = strconv.AppendInt(append(append(b, key...), '='), n, 10)
			b = append(b, '&')
		}
	}
	b = append(b, "ticket="...)
	b = append(hex.AppendEncode(b, o.GetTicket()), '&')
	text("team", o.GetTeam())
	text("key", o.GetKeyId())
	text("op", o.GetOperation())
	text("model", o.GetModel())
	text("route", o.GetRoute())
	text("class", o.GetClass())
	text("policy", o.GetPolicy())
	text("node", o.GetNode())
	text("shadow", o.GetShadowOf())
	text("client", valid(o.GetClientRequestId()[:min(len(o.GetClientRequestId()), maxFact)]))
	number("at", int64(o.GetTimeNs()))
	number("until", int64(o.GetDeadlineNs()))
	number("bytes", o.GetRequestBytes())
	number("stream", flag(o.GetStream()))
	number("injected", flag(o.GetUsageInjected()))
	for _, c := range o.GetOrder() {
		b = append(b, "to="...)
		for i, v := range [...]string{c.GetBackend(), c.GetProvider(), c.GetRegion(), c.GetModel()} {
			if i > 0 {
				b = append(b, '~')
			}
			b = escape(b, v)
		}
		b = append(b, '&')
	}
	return strings.TrimSuffix(string(b), "&")
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ParseFacts reads what Facts wrote. Keys that it does not know are skipped.
func ParseFacts(s string) (*signalboxv1.Open, error) {
	o := &signalboxv1.Open{}
	for pair := range strings.SplitSeq(s, "&") {
		key, raw, _ := strings.Cut(pair, "=")
		if err := fact(o, key, raw); err != nil {
			return nil, fmt.Errorf("fact %q: %w", key[:min(len(key), 16)], err)
		}
	}
	return o, nil
}

func fact(o *signalboxv1.Open, key, raw string) error {
	if key == "to" {
		return candidate(o, raw)
	}
	v, err := unescape(raw)
	if err != nil {
		return err
	}
	if p := textFact(o, key); p != nil {
		*p = v
		return nil
	}
	return numberFact(o, key, v)
}

// textFact is the field of o that key stands for, nil when it is no text.
func textFact(o *signalboxv1.Open, key string) *string {
	switch key {
	case "team":
		return &o.Team
	case "key":
		return &o.KeyId
	case "op":
		return &o.Operation
	case "model":
		return &o.Model
	case "route":
		return &o.Route
	case "class":
		return &o.Class
	case "policy":
		return &o.Policy
	case "node":
		return &o.Node
	case "shadow":
		return &o.ShadowOf
	case "client":
		return &o.ClientRequestId
	}
	return nil
}

func numberFact(o *signalboxv1.Open, key, v string) error {
	switch key {
	case "at", "until", "bytes", "stream", "injected":
	default:
		return nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return errors.New("no number")
	}
	switch key {
	case "at":
		o.TimeNs = uint64(n)
	case "until":
		o.DeadlineNs = uint64(n)
	case "bytes":
		o.RequestBytes = n
	case "stream":
		o.Stream = n != 0
	case "injected":
		o.UsageInjected = n != 0
	}
	return nil
}

// maxOrder bounds the candidates that are read.
const maxOrder = 64

func candidate(o *signalboxv1.Open, raw string) error {
	if len(o.Order) == maxOrder {
		return errors.New("too many candidates")
	}
	parts := strings.SplitN(raw, "~", 5)
	if len(parts) != 4 {
		return errors.New("a candidate has four parts")
	}
	for i := range parts {
		v, err := unescape(parts[i])
		if err != nil {
			return err
		}
		parts[i] = v
	}
	o.Order = append(o.Order, &signalboxv1.Candidate{Backend: parts[0], Provider: parts[1], Region: parts[2], Model: parts[3]})
	return nil
}

const hexDigits = "0123456789ABCDEF"

// escape writes all bytes but the plainest as %XX; '~' parts candidates.
func escape(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '/' || c == ':' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return valid(s), nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", errors.New("cut escape")
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", errors.New("bad escape")
		}
		b = append(b, byte(n))
		i += 2
	}
	return valid(string(b)), nil
}
