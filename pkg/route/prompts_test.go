package route_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/health"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

// prompt is a request's body and what is true of it.
type prompt struct {
	call   dialect.Request
	needs  []signalboxv1.Model_Capability
	tokens int64 // of the prompt
	max    int64 // of the answer, 0: no limit
	user   string
}

const (
	vision = signalboxv1.Model_CAPABILITY_VISION
	tools  = signalboxv1.Model_CAPABILITY_TOOLS
	schema = signalboxv1.Model_CAPABILITY_SCHEMA
	audio  = signalboxv1.Model_CAPABILITY_AUDIO
)

// prompt makes a body. Tokens are four for the turn, one for every four letters
// of a text and 765 for a picture.
func (w world) prompt(t *testing.T, d *dialect.Dialect) *prompt {
	t.Helper()
	p := &prompt{}
	text := strings.Repeat("word", 1+w.IntN(8)*w.IntN(500))
	p.tokens = 4 + int64(len(text)/4)
	content := `{"type":"text","text":"` + text + `"}`
	if w.chance(20) {
		content += `,{"type":"image_url","image_url":{"url":"https://a.example.com/b"}}`
		p.needs, p.tokens = append(p.needs, vision), p.tokens+765
	}
	if w.chance(10) {
		content += `,{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}`
		p.needs = append(p.needs, audio)
	}
	body := `{"model":"m","messages":[{"role":"user","content":[` + content + `]}]`
	if w.chance(20) {
		body += `,"tools":[{"type":"function","function":{"name":"abcd"}}]`
		p.needs, p.tokens = append(p.needs, tools), p.tokens+1
	}
	switch w.IntN(6) {
	case 0:
		body += `,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}}`
		p.needs = append(p.needs, schema)
	case 1:
		body += `,"response_format":{"type":"json_object"}`
	}
	if w.chance(30) {
		p.max = int64(1 + w.IntN(1000))
		body += `,"max_tokens":` + strconv.FormatInt(p.max, 10)
	}
	if w.chance(50) {
		p.user = w.pick("u0", "u1", "u2")
		body += `,"user":"` + p.user + `"`
	}
	if w.chance(30) {
		body += `,"stream":true`
	}
	call, f := d.Request.Parse(dialect.Endpoint{Operation: genai.Chat}, []byte(body+"}"), nil)
	if f != nil {
		t.Fatal(f)
	}
	p.call = call
	return p
}

func (w world) prompts(t *testing.T) (list []*prompt) {
	t.Helper()
	d := openai.New()
	for range 400 {
		list = append(list, w.prompt(t, &d))
	}
	return list
}

// ask makes a request with one of the prompts.
func (w world) ask(c *signalboxv1.Config, prompts []*prompt) route.Request {
	r := w.request(c)
	if w.chance(20) {
		r.Model = strings.Replace(r.Model, "m", "a", 1)
	}
	if w.chance(20) {
		r.Model += w.pick("@v1", "@v2", "@v9")
	}
	r.Facts = w.facts()
	r.Facts.Call, r.Facts.Front = &prompts[w.IntN(len(prompts))].call, openai.New().Front
	r.Speed = func(k *policy.Candidate) health.Speed { return speed(k.Backend.Name) }
	r.Leader = func(route.Race) route.Leader { return route.Leader{Backend: leading, Held: held} }
	return r
}

// objectives gives models and routes what they choose by.
func (w world) objectives(c *signalboxv1.Config) {
	able := func() (list []signalboxv1.Model_Capability) {
		for _, a := range []signalboxv1.Model_Capability{vision, tools, schema, audio} {
			if w.chance(60) {
				list = append(list, a)
			}
		}
		return list
	}
	price := func() *signalboxv1.Price {
		return &signalboxv1.Price{Input: w.pick("0.1", "1", "3.000001"), Output: w.pick("0", "0.4", "15")}
	}
	for i, m := range c.GetModels() {
		if w.chance(40) {
			m.Aliases = []string{fmt.Sprint("a", i)}
		}
		m.Capabilities, m.Price = w.maybe(30, able), w.priced(40, price)
		m.Quality, m.Context = float64(w.IntN(4))/4, uint32(w.IntN(2)*w.IntN(4000))
		for _, k := range m.GetCandidates() {
			k.Capabilities, k.Price, k.Version = w.maybe(30, able), w.priced(40, price), w.pick("", "v1", "v2")
			k.Quality, k.Context = float64(w.IntN(4))/4, uint32(w.IntN(2)*w.IntN(4000))
		}
	}
	for _, k := range c.GetClasses() {
		if w.chance(40) {
			k.Providers = []string{c.GetProviders()[w.IntN(len(c.GetProviders()))].GetName()}
		}
		if len(k.Providers) > 0 && w.chance(50) {
			k.Regions = nil
		}
	}
	if w.chance(70) {
		c.Routes = append(c.Routes, &signalboxv1.Route{Name: "rest", MaxAttempts: new(uint32(1 + w.IntN(8)))})
	}
	for _, r := range c.GetRoutes() {
		r.Order, r.Sticky = signalboxv1.Route_Order(w.IntN(6)), signalboxv1.Route_Sticky(w.IntN(4))
		r.MinQuality = float64(w.IntN(2)*w.IntN(5)) / 4
		if w.chance(40) {
			r.Canary = &signalboxv1.Canary{Use: c.GetModels()[w.IntN(len(c.GetModels()))].GetName(), Percent: new(float64([]int{0, 30, 100}[w.IntN(3)]))}
		}
	}
}

func (w world) maybe(percent int, make func() []signalboxv1.Model_Capability) []signalboxv1.Model_Capability {
	if w.chance(percent) {
		return make()
	}
	return nil
}

func (w world) priced(percent int, make func() *signalboxv1.Price) *signalboxv1.Price {
	if w.chance(percent) {
		return make()
	}
	return nil
}

// What the backends of the tests are like: the sixth and those behind it are not
// known.
func speed(backend string) health.Speed {
	n := int(backend[1] - '0')
	if n > 5 {
		return health.Speed{}
	}
	return health.Speed{FirstByte: time.Duration(1+n*7%5) * 100 * time.Millisecond, TokensPerSecond: float64(20 + 10*(n%3))}
}

const (
	leading = "b3"
	held    = false
)
