package config

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// unused reports what nothing refers to.
func (l *linter) unused() {
	backends := l.references("backend")
	for i, v := range l.c.GetProviders() {
		for j, b := range v.GetBackends() {
			if !backends[b.GetName()] {
				l.warn(path("providers").item(i).field("backends").item(j).field("name"),
					"backend %q serves nothing: no model has it among its candidates; add it to one or remove it", b.GetName())
			}
		}
	}
	l.unusedChannels()
	if l.keys == nil {
		return
	}
	classes := l.references("class", "classes")
	for i, v := range l.c.GetClasses() {
		if n := v.GetName(); !classes[n] && !l.keys.Classes[n] {
			l.warn(path("classes").item(i).field("name"), "class %q binds nobody: no team, no route and no key has it; give it to one or remove it", n)
		}
	}
	teams := l.references("team", "teams")
	for i, v := range l.c.GetTeams() {
		if n := v.GetName(); !teams[n] && !l.keys.Teams[n] {
			l.warn(path("teams").item(i).field("name"), `team %q has no keys and no route; make one, as signalbox keys new -team %s, or remove it`, n, n)
		}
	}
}

func (l *linter) unusedChannels() {
	used := l.references("channels")
	for _, r := range l.c.GetRoutes() {
		for _, m := range l.mentioned(r) {
			used[m.Text] = used[m.Text] || m.Fact == "request.channel"
		}
	}
	for i, c := range l.c.GetChannels() {
		if n := c.GetName(); !used[n] {
			l.warn(path("channels").item(i).field("name"), "no route looks at channel %q; name it in one, or remove it", n)
		}
	}
}

// references are the texts that stand anywhere in fields of the given names.
func (l *linter) references(fields ...string) map[string]bool {
	set := make(map[string]bool)
	collect(l.c.ProtoReflect(), fields, set)
	return set
}

func collect(m protoreflect.Message, fields []string, set map[string]bool) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		wanted := f.Kind() == protoreflect.StringKind && slices.Contains(fields, string(f.Name()))
		each := func(v protoreflect.Value) {
			switch {
			case isMessage(f):
				collect(v.Message(), fields, set)
			case wanted:
				set[v.String()] = true
			}
		}
		switch {
		case f.IsList():
			for i := range v.List().Len() {
				each(v.List().Get(i))
			}
		case !f.IsMap():
			each(v)
		}
		return true
	})
}

// regions reports regions of classes that no backend is in: they are free text,
// so that nothing else finds a slip of the pen.
func (l *linter) regions() {
	var have []string
	for _, at := range l.g.places {
		if r := at.region; r != "" && !slices.Contains(have, r) {
			have = append(have, r)
		}
	}
	slices.Sort(have)
	for i, c := range l.c.GetClasses() {
		for j, r := range c.GetRegions() {
			if slices.Contains(have, r) {
				continue
			}
			way := "set region at a backend there, or remove it"
			if near := Near(r, have); len(near) > 0 {
				way = "did you mean " + quote(near[0]) + "?"
			}
			l.warn(path("classes").item(i).field("regions").item(j), "no backend is in region %q; %s", r, way)
		}
	}
}

// aliases reports models that only letter case tells apart.
func (l *linter) aliases() {
	first := make(map[string]string)
	for i, m := range l.c.GetModels() {
		lower := strings.ToLower(m.GetName())
		if other, ok := first[lower]; ok {
			l.warn(path("models").item(i).field("name"), "%q and model %q differ in letter case alone, so a caller's slip asks for the other one; rename one or remove it", m.GetName(), other)
			continue
		}
		first[lower] = m.GetName()
	}
}
