package witness

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

func open() *signalboxv1.Open {
	return &signalboxv1.Open{
		Team: "search & find", KeyId: "key_abc", Operation: "chat", Model: "gpt-4o~mini=x", Route: "chat", Class: "eu-only", Policy: "0123456789ab",
		Node: "signalbox", ShadowOf: "7f1c9a52", ClientRequestId: "mine\"%1\n", TimeNs: 1795519516600079000, DeadlineNs: 1795519636600079000, RequestBytes: 1234,
		Stream: true, UsageInjected: true,
		Order: []*signalboxv1.Candidate{{Backend: "a", Provider: "p", Region: "eu", Model: "meta/llama:8b"}, {Backend: "b", Model: "~|&"}},
	}
}

func TestFactsComeBack(t *testing.T) {
	for name, o := range map[string]*signalboxv1.Open{"full": open(), "empty": {}, "only_order": {Order: open().Order}} {
		s := Facts(o)
		got, err := ParseFacts(s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(o, got, protocmp.Transform()); d != "" {
			t.Errorf("%s: %s\n%s", name, s, d)
		}
		if _, err := url.ParseQuery(s); err != nil {
			t.Errorf("%s: no query string: %v", name, err)
		}
	}
}

func TestFactsAreBounded(t *testing.T) {
	o := open()
	o.ClientRequestId = strings.Repeat("x", 60000)
	if n := len(Facts(o)); n > 600 {
		t.Errorf("%d bytes", n)
	}
}

func TestParseFactsRefuses(t *testing.T) {
	for _, s := range []string{"team=%", "team=%4", "team=%zz", "at=x", "bytes=-1", "to=a", "to=a~b~c~d~e", "to=%zz~~~", strings.Repeat("to=a~b~c~d&", maxOrder+1)} {
		if o, err := ParseFacts(s); err == nil {
			t.Errorf("%.40q gives %v", s, o)
		}
	}
	o, err := ParseFacts("later=1&team=x&also")
	if err != nil || o.Team != "x" {
		t.Errorf("unknown keys: %v %v", o, err)
	}
}

func FuzzFacts(f *testing.F) {
	f.Add(Facts(open()))
	f.Add("team=x&to=a~p~eu~m")
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseFacts(s)
		if err != nil {
			return
		}
		if _, err := proto.Marshal(o); err != nil {
			t.Fatal(err)
		}
		again, err := ParseFacts(Facts(o))
		if err != nil {
			t.Fatal(err)
		}
		if Facts(again) != Facts(o) {
			t.Errorf("%q and %q", Facts(o), Facts(again))
		}
	})
}
