package view

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Edit is a line of a difference: " ", "+", "-", or "@" for where it is.
type Edit struct {
	Op   string `json:"op"`
	Line int    `json:"line,omitempty"` // in the new text, of a "-" in the old one
	Text string `json:"text"`

	section string
}

const (
	around   = 2    // lines of context
	maxEdits = 1000 // lines that are compared with each other
)

// diff is the difference of two texts. What may be a secret is masked: none
// should stand there, but a comment may hold one.
func diff(old, text []byte) []Edit {
	a, b := split(old), split(text)
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var all []Edit
	for i := range head {
		all = append(all, Edit{Op: " ", Line: i + 1, Text: b[i]})
	}
	all = append(all, changed(a[head:len(a)-tail], b[head:len(b)-tail], head)...)
	for i := len(b) - tail; i < len(b); i++ {
		all = append(all, Edit{Op: " ", Line: i + 1, Text: b[i]})
	}
	return hunks(all)
}

func split(text []byte) []string {
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// changed compares by the longest common subsequence; of much text all is
// replaced.
func changed(a, b []string, offset int) []Edit {
	var list []Edit
	if len(a) > maxEdits || len(b) > maxEdits {
		for i, text := range a {
			list = append(list, Edit{Op: "-", Line: offset + i + 1, Text: text})
		}
		for i, text := range b {
			list = append(list, Edit{Op: "+", Line: offset + i + 1, Text: text})
		}
		return list
	}
	long := make([][]int32, len(a)+1) // of the rest of a and the rest of b
	for i := range long {
		long[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				long[i][j] = long[i+1][j+1] + 1
				continue
			}
			long[i][j] = max(long[i+1][j], long[i][j+1])
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			list = append(list, Edit{Op: " ", Line: offset + j + 1, Text: b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && long[i+1][j] >= long[i][j+1]:
			list = append(list, Edit{Op: "-", Line: offset + i + 1, Text: a[i]})
			i++
		default:
			list = append(list, Edit{Op: "+", Line: offset + j + 1, Text: b[j]})
			j++
		}
	}
	return list
}

// hunks keeps what is near a change. Each part is headed by the section of its
// first change.
func hunks(all []Edit) []Edit {
	near := make([]bool, len(all))
	section := ""
	for i := range all {
		e := &all[i]
		if name, _, ok := strings.Cut(e.Text, ":"); ok && name != "" && !strings.ContainsAny(name, " \t#-") {
			section = name
		}
		if e.section = section; e.Op == " " {
			continue
		}
		for k := max(0, i-around); k <= min(len(all)-1, i+around); k++ {
			near[k] = true
		}
	}
	list, head := []Edit{}, -1
	for i, e := range all {
		if !near[i] {
			head = -1
			continue
		}
		if head < 0 {
			head = len(list)
			list = append(list, Edit{Op: "@"})
		}
		if e.Op != " " && list[head].Text == "" {
			list[head].Text = e.section
		}
		e.Text = masked(e.Text)
		list = append(list, e)
	}
	return list
}

// summary counts a difference.
func summary(list []Edit) string {
	var sections []string
	lines := 0
	for _, e := range list {
		if e.Op != "+" && e.Op != "-" {
			continue
		}
		lines++
		if e.section != "" && !slices.Contains(sections, e.section) {
			sections = append(sections, e.section)
		}
	}
	text := fmt.Sprintf("%d lines", lines)
	if len(sections) > 0 {
		text = strings.Join(sections, ", ") + ": " + text
	}
	return text
}

// secrets are texts that look like keys: known beginnings, and long words of
// letters and digits.
var ( //nolint:gochecknoglobals // patterns that nothing changes
	begins = regexp.MustCompile(`(?i)\b(sk|pk|rk|sb|xox[abprs]|gh[opsu]|glpat|AKIA|ASIA|AIza|ya29|eyJ)[-_A-Za-z0-9.]{8,}`)
	named  = regexp.MustCompile(`(?i)((?:api_?key|token|secret|password|passwd|bearer|authorization)["']?\s*[:= ]\s*["']?)([^\s{}\[\],"'#]{6,})`)
	inURL  = regexp.MustCompile(`(://)[^/@\s]+@`)
	long   = regexp.MustCompile(`\b[A-Za-z0-9+]{32,}={0,2}`)
)

const mask = "[redacted]"

func masked(line string) string {
	line = begins.ReplaceAllString(line, mask)
	line = named.ReplaceAllString(line, "${1}"+mask)
	line = inURL.ReplaceAllString(line, "${1}"+mask+"@")
	return long.ReplaceAllStringFunc(line, func(word string) string {
		if strings.ContainsAny(word, "0123456789") && strings.ContainsAny(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			return mask
		}
		return word
	})
}
