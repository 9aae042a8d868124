package config

import (
	"time"
)

func (k *checker) keys() {
	first := make(map[string]path)
	for i, v := range k.c.GetKeys() {
		p := path("keys").item(i)
		k.patterns(p.field("models"), v.GetModels())
		k.refer(k.classes, v.GetClass(), p.field("class"))
		k.refer(k.teamNames, v.GetTeam(), p.field("team"))
		if v.GetTeam() == "" && len(k.c.GetTeams()) > 0 {
			k.missing(p.field("team"))
		}
		if other, ok := first[v.GetSha256()]; ok {
			k.fail(p.field("sha256"), "is that of %s already; make another key, or remove one", other)
		} else if v.GetSha256() != "" {
			first[v.GetSha256()] = p
		}
		if _, err := Moment(v.GetExpires()); err != nil {
			k.fail(p.field("expires"), "there is no such day or time; write it as \"2027-01-31\" or \"2027-01-31T18:00:00Z\"")
		}
	}
}

// Moment reads a day or a time, in UTC; it is zero for none.
func Moment(text string) (time.Time, error) {
	switch len(text) {
	case 0:
		return time.Time{}, nil
	case len(time.DateOnly):
		return time.Parse(time.DateOnly, text)
	}
	return time.Parse(time.RFC3339, text)
}
