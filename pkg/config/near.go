package config

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Near returns up to three of names that name may have been meant to be, best
// first.
func Near(name string, names []string) []string {
	type hit struct {
		name string
		far  int
	}
	var hits []hit
	limit := max(1, min(len(name)/3, 6))
	lower := strings.ToLower(name)
	for _, n := range names {
		if far := distance(lower, strings.ToLower(n), limit); far <= limit {
			hits = append(hits, hit{n, far})
			continue
		}
		if len(name) >= 3 && (strings.HasPrefix(strings.ToLower(n), lower) || len(n) >= 3 && strings.HasPrefix(lower, strings.ToLower(n))) {
			hits = append(hits, hit{n, limit + 1})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.name, b.name)) })
	var near []string
	for _, h := range hits {
		if len(near) < 3 && !slices.Contains(near, h.name) {
			near = append(near, h.name)
		}
	}
	return near
}

// distance is the number of letters to insert, drop, change or swap with a
// neighbour to get from a to b; when it exceeds limit, any number above limit.
func distance(a, b string, limit int) int {
	if d := utf8.RuneCountInString(a) - utf8.RuneCountInString(b); max(d, -d) > limit {
		return limit + 1
	}
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row[0] = i + 1
		least := row[0]
		for j := range t {
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+differs(s[i], t[j]))
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			least = min(least, row[j+1])
		}
		if least > limit+1 {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

func differs(a, b rune) int {
	if a == b {
		return 0
	}
	return 1
}
