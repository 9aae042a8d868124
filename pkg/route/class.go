package route

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// bound returns the candidates that all classes of a request permit, and the
// classes by name.
func bound(s *policy.Snapshot, d *Decision, t *policy.Team, given []genai.DataClass) (mask uint64, text string) {
	own := genai.DataClass("")
	if t != nil {
		own = t.Class
	}
	mask = s.Mask(d.Model, own) & s.Mask(d.Model, d.Route.Class)
	single := own == "" || d.Route.Class == "" || own == d.Route.Class
	one := cmp.Or(own, d.Route.Class)
	for _, c := range given {
		mask &= s.Mask(d.Model, c)
		single = single && (one == "" || c == "" || c == one)
		one = cmp.Or(one, c)
	}
	if single { // nearly always, and free
		return mask, string(one)
	}
	return mask, join(append([]genai.DataClass{own, d.Route.Class}, given...))
}

// join names a set of classes.
func join(classes []genai.DataClass) string {
	slices.Sort(classes)
	var b strings.Builder
	for _, c := range slices.Compact(classes) {
		if c == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('+')
		}
		b.WriteString(string(c))
	}
	return b.String()
}

// quote is a name that came with a request, as it may stand in an answer.
func quote(name string) string {
	const limit = 64
	if len(name) > limit {
		return strconv.Quote(strings.ToValidUTF8(name[:limit], "")) + "..."
	}
	return strconv.Quote(name)
}
