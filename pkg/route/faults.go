package route

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// none is why no candidate is left: by the first step that left none.
func (c *chooser) none(d *Decision, s *sieve) *fault.Error {
	m := d.Model
	switch slices.Index(s[:], 0) {
	case byClass:
		return noCompliant(m.Name, d.Class)
	case byVersion:
		return c.noVersion(m, d.Class)
	case byCapability:
		return fault.New(fault.NotCapable, "No backend of the model "+quote(m.Name)+" takes requests with "+strings.Join(words(d.Weighed.Needs), ", ")+". Leave that out, or ask for another model; GET /v1/models lists them.").With("model")
	case byContext:
		return c.tooLong(d, s[byCapability])
	case byDialect:
		return fault.New(fault.NotTranslatable, "No backend of the model "+quote(m.Name)+" takes requests of this kind. Ask for another model, or use the API that its backends speak; GET /v1/models lists the models.").With("model")
	}
	return fault.New(fault.NoBackend, "No backend of the model is in service at the moment. Try again later.")
}

// words name what a request needs of a model.
func words(needs policy.Capability) (list []string) {
	for i, w := range [...]string{"images", "tools", "a JSON schema for the answer", "audio"} {
		if needs>>i&1 == 1 {
			list = append(list, w)
		}
	}
	return list
}

// noVersion says so only of a version that there is not: one that classes
// forbid is theirs.
func (c *chooser) noVersion(m *policy.Model, class string) *fault.Error {
	if Has(m, c.version) {
		return noCompliant(m.Name, class)
	}
	text := "The model " + quote(m.Name) + " is not here in version " + quote(c.version) + "."
	var have []string
	for i := range m.Candidates {
		if v := m.Candidates[i].Version; v != "" && !slices.Contains(have, v) {
			have = append(have, v)
		}
	}
	if len(have) > 0 {
		text += " There is " + strings.Join(have, ", ") + "."
	}
	return fault.New(fault.ModelNotFound, text+" Ask for the model without @ for any version.").With("model")
}

// tooLong has the words by which callers' programs know it.
func (c *chooser) tooLong(d *Decision, among uint64) *fault.Error {
	var most int64
	for ; among != 0; among &= among - 1 {
		most = max(most, d.Model.Candidates[bits.TrailingZeros64(among)].Context)
	}
	text := fmt.Sprintf("This model's maximum context length is %d tokens. However, the request comes to about %d tokens", most, d.Weighed.Length)
	if n := c.wanted(); n > 0 {
		text += fmt.Sprintf(", %d of them for the answer", n)
	}
	return fault.New(fault.ContextTooLong, text+": the prompt is too long. Shorten it, or ask for a shorter answer.").With("messages")
}

func notFound(s *policy.Snapshot, r Request) *fault.Error {
	usable := Usable(s, r.Team, r.Allowed)
	text := "The model " + quote(r.Model) + " does not exist here."
	if near := policy.NearAmong(r.Model, usable); len(near) > 0 {
		text += " Did you mean " + strings.Join(near, ", ") + "?"
	}
	return fault.New(fault.ModelNotFound, text+" GET /v1/models lists those that this key may use.").With("model")
}

func notAllowed(model string) *fault.Error {
	return fault.New(fault.ModelNotAllowed, "This key may not use the model "+quote(model)+". GET /v1/models lists those that it may.").With("model")
}

func noCompliant(model, class string) *fault.Error {
	return fault.New(fault.NoCompliantBackend, "No backend of the model "+quote(model)+" may process requests of class "+quote(class)+". Choose another model, or ask the gateway's operator for a backend in a region that the class allows.")
}
