package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNear(t *testing.T) {
	models := []string{"gpt-4o", "gpt-4o-mini", "claude-sonnet", "llama-3", "o3"}
	for _, c := range []struct {
		name string
		want []string
	}{
		{"gpt4o", []string{"gpt-4o"}},
		{"GPT-4O", []string{"gpt-4o", "gpt-4o-mini"}},
		{"gpt-4", []string{"gpt-4o", "gpt-4o-mini"}},
		{"gpt-4o-2024", []string{"gpt-4o"}},
		{"claude-sonent", []string{"claude-sonnet"}},
		{"claude", []string{"claude-sonnet"}},
		{"mistral", nil},
		{"3o", []string{"o3"}},
		{"", nil},
		{strings.Repeat("gpt-4o", 100_000), []string{"gpt-4o"}},
	} {
		if diff := cmp.Diff(c.want, Near(c.name, models)); diff != "" {
			t.Errorf("near %.20q: %s", c.name, diff)
		}
	}
	if got := Near("aa", []string{"ab", "ac", "ad", "ae", "ab"}); len(got) != 3 {
		t.Errorf("got %v", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a", "", 1},
		{"abc", "abc", 0},
		{"abc", "acb", 1},
		{"abcd", "badc", 2},
		{"kitten", "sitting", 3},
		{"größe", "grösse", 2},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := distance(pair[0], pair[1], 10); got != c.want {
				t.Errorf("%q to %q is %d, want %d", pair[0], pair[1], got, c.want)
			}
			if got := distance(pair[0], pair[1], c.want-1); c.want > 0 && got < c.want {
				t.Errorf("%q to %q is %d under a limit", pair[0], pair[1], got)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"*", "", true},
		{"*", "abc", true},
		{"a*", "abc", true},
		{"a*", "ba", false},
		{"*c", "abc", true},
		{"*c", "abcd", false},
		{"a*c", "ac", true},
		{"a*a", "a", false},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "acb", false},
		{"**", "x", true},
		{"*ab*ab", "ab", false},
		{"gpt-*-mini", "gpt-4o-mini", true},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("%q and %q: %v", c.pattern, c.name, got)
		}
	}
}
