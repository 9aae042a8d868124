package main

import (
	"fmt"
	"strings"
	"time"
)

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
)

// scenarios in the order of the table.
func (o options) scenarios() ([]*scenario, error) {
	all, err := o.passing()
	if err != nil {
		return nil, err
	}
	all = append(all, o.translated()...)
	if o.rate > 0 {
		for _, s := range all {
			all = append(all, s.paced(o.rate))
		}
	}
	var chosen []*scenario
	for _, s := range all {
		if strings.Contains(s.name, o.only) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no scenario has %q in its name", o.only)
	}
	return chosen, nil
}

func (o options) slice() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// passing are the scenarios whose answers pass Signalbox as they are.
func (o options) passing() ([]*scenario, error) {
	sizes := []struct {
		name string
		n    int
	}{{"1k", 1 << 10}, {"32k", 32 << 10}, {"220k", 220 << 10}, {"1m", 1 << 20}}
	var all []*scenario
	for _, z := range sizes {
		all = append(all, compared("chat_"+z.name, "noop", [][]byte{body(benchModel, z.n, false, "")}, o.slice()))
	}
	all = append(all, compared("stream_released", "noop_stream", [][]byte{body(benchModel, 1<<10, true, "")}, 2*o.slice()))
	if o.data == "" {
		return all, nil
	}
	bodies, err := recorded(o.data)
	if err != nil {
		return nil, err
	}
	if len(bodies) > 0 {
		all = append(all, compared("chat_recorded", "noop", bodies, o.slice()))
	}
	return all, nil
}

// compared is a scenario in which the same requests go to Envoy alone, to the
// no-op and to Signalbox.
func compared(name, noop string, bodies [][]byte, d time.Duration) *scenario {
	return &scenario{
		name: name, floor: "noop", d: d, figure: name, kind: "added", cost: addedCost,
		lanes: []lane{
			{name: "alone", target: "alone", path: chatPath, bodies: bodies},
			{name: "noop", target: noop, path: chatPath, bodies: bodies},
			{name: "signalbox", target: "signalbox", path: chatPath, bodies: bodies},
		},
	}
}

// translated are the scenarios with a provider of another dialect.
func (o options) translated() []*scenario {
	whole, other := [][]byte{body(benchModel, 1<<10, false, "")}, [][]byte{body(translatedModel, 1<<10, false, "")}
	chat := &scenario{ // the difference is small, hence the short turns
		name: "translated_chat_1k", floor: "passed", d: o.slice(), turns: 4, figure: "translated_unary", kind: "processor", cost: processorCost,
		lanes: []lane{
			{name: "alone", target: "alone", path: chatPath, bodies: whole},
			{name: "passed", target: "signalbox", path: chatPath, bodies: whole},
			{name: "signalbox", target: "signalbox", path: chatPath, bodies: other},
		},
	}
	streamed := [][]byte{body(translatedModel, 1<<10, true, "")}
	stream := &scenario{ // a stream takes half a second: more at once, or a slice has too few
		name: "translated_stream", floor: "noop", d: 2 * o.slice(), wide: 4, figure: "translated_stream", kind: "added", cost: addedCost,
		lanes: []lane{ // the provider answers in its dialect where it is reached by its path
			{name: "alone", target: "alone", path: messagesPath, bodies: streamed},
			{name: "noop", target: "noop_duplex", path: messagesPath, bodies: streamed},
			{name: "signalbox", target: "signalbox", path: chatPath, bodies: streamed},
		},
	}
	return []*scenario{chat, stream}
}

// paced is the scenario at a rate in place of a closed loop.
func (s *scenario) paced(rate float64) *scenario {
	p := *s
	p.rate = rate
	p.name = fmt.Sprintf("%s_at%.0f", s.name, rate)
	p.figure = fmt.Sprintf("%s_at%.0f", s.figure, rate)
	return &p
}
