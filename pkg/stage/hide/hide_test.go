package hide

import (
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

const (
	word  = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n"
	usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n"
	done  = "data: [DONE]\n\n"
)

func exchange(lua bool, injected ...bool) *pipeline.Exchange {
	d := openai.New()
	x := &pipeline.Exchange{Dialect: &d, Snapshot: &policy.Snapshot{Envoy: policy.Envoy{Lua: lua}}}
	for _, i := range injected {
		x.Order = append(x.Order, pipeline.Planned{Target: dialect.Target{InjectUsage: i}})
	}
	x.Answer.ContentType = "text/event-stream; charset=utf-8"
	return x
}

func TestWhoHides(t *testing.T) {
	for _, c := range []struct {
		name     string
		x        *pipeline.Exchange
		proxy    bool
		attached bool
		want     pipeline.Want
	}{
		{"script", exchange(true, true, true), true, false, pipeline.Nothing},
		{"no_script", exchange(false, true), false, true, pipeline.Edit},
		{"mixed_order", exchange(true, true, false), false, true, pipeline.Edit}, // the script would hide the second one's own usage
		{"nothing_injected", exchange(false, false, false), false, false, pipeline.Nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.x.HiddenByProxy() != c.proxy || Attached(c.x) != c.attached {
				t.Errorf("in proxy %v, attached %v", c.x.HiddenByProxy(), Attached(c.x))
			}
			if w := (Stage{}).AnswerHead(c.x); w != c.want {
				t.Errorf("want %d, is %d", c.want, w)
			}
		})
	}
}

func TestHidesAtAnyCut(t *testing.T) {
	whole := word + usage + done
	for cut := range len(whole) {
		x := exchange(false, true)
		if w := (Stage{}).AnswerHead(x); w != pipeline.Edit {
			t.Fatalf("wants %d", w)
		}
		got := string(Stage{}.Chunk(x, []byte(whole[:cut]), false))
		got += string(Stage{}.Chunk(x, []byte(whole[cut:]), true))
		if got != word+done {
			t.Fatalf("cut at %d: %q", cut, got)
		}
	}
}

func TestAnotherCandidateAnswered(t *testing.T) {
	x := exchange(true, true, false)
	x.Answer.Attempt = 1
	if w := (Stage{}).AnswerHead(x); w != pipeline.Nothing {
		t.Errorf("wants %d of an answer whose usage is the provider's own", w)
	}
}
