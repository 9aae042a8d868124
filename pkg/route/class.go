package route

import (
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// classes is a small set, kept without allocation while it is small.
type classes struct {
	few  [4]genai.DataClass
	n    int
	many []genai.DataClass // all of them, once there are more than few holds
}

func classesOf(t *policy.Team, r *policy.Route, given []genai.DataClass) classes {
	var s classes
	if t != nil {
		s.add(t.Class)
	}
	s.add(r.Class)
	for _, c := range given {
		s.add(c)
	}
	return s
}

func (s *classes) add(c genai.DataClass) {
	if c == "" || slices.Contains(s.list(), c) {
		return
	}
	if s.many == nil && s.n < len(s.few) {
		s.few[s.n] = c
		s.n++
		return
	}
	s.many = append(slices.Clip(s.list()), c)
}

func (s *classes) list() []genai.DataClass {
	if s.many != nil {
		return s.many
	}
	return s.few[:s.n]
}

// text names the set.
func (s *classes) text() string {
	switch l := s.list(); len(l) {
	case 0:
		return ""
	case 1:
		return string(l[0])
	default:
		names := make([]string, 0, len(l))
		for _, c := range l {
			names = append(names, string(c))
		}
		slices.Sort(names)
		return strings.Join(names, "+")
	}
}

// quote is a name that came with a request, as it may stand in an answer.
func quote(name string) string {
	const limit = 64
	if r := []rune(name); len(r) > limit {
		return strconv.Quote(string(r[:limit])) + "..."
	}
	return strconv.Quote(name)
}
