package config

import "strings"

// Match reports whether name fits pattern, in which '*' stands for any text,
// the empty one too.
func Match(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part) // the leftmost leaves most for what follows
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}

// MatchAny reports whether name fits one of patterns; no patterns fit every
// name.
func MatchAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if Match(p, name) {
			return true
		}
	}
	return len(patterns) == 0
}
