package settle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

func TestFactsSurviveTheLog(t *testing.T) {
	odd := "a&b=c%7C|~ é\"\n+"
	for name, o := range map[string]*signalboxv1.Open{
		"empty": {TimeNs: 1},
		"full": {
			TimeNs: 1764000000123456789, DeadlineNs: 1764000060123456789, Team: "search", KeyId: "key_1", Operation: "chat", Model: "gpt", Route: "chat",
			Class: "eu", Policy: "0a1b2c", Stream: true, UsageInjected: true, RequestBytes: 812, Node: "n", ClientRequestId: "mine",
			Order: []*signalboxv1.Candidate{{Backend: "a", Provider: "p", Region: "eu", Model: "m"}, {Backend: "b", Provider: "q", Model: "n"}},
		},
		"odd": {TimeNs: 2, Team: odd, Model: odd, ClientRequestId: odd, Order: []*signalboxv1.Candidate{{Backend: odd, Provider: odd, Region: odd, Model: odd}, {Model: odd}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(o, ParseFacts(Facts(o)), protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseFacts(f *testing.F) {
	f.Add("at=1&or=a~b~c~d%7Ce")
	f.Add("or=%")
	f.Fuzz(func(t *testing.T, s string) {
		o := ParseFacts(s)
		if o == nil {
			return
		}
		if diff := cmp.Diff(o, ParseFacts(Facts(o)), protocmp.Transform()); o.TimeNs != 0 && diff != "" {
			t.Error(diff)
		}
	})
}
