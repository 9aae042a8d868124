package recorded

import (
	"bytes"
	"iter"
	"math/rand/v2"
)

// Cut is a way to cut a body into the pieces in which it is replayed.
type Cut struct {
	Name   string
	Pieces func(body []byte) iter.Seq[[]byte]
}

// Cuts returns all ways to cut; seed makes the random one repeatable.
func Cuts(seed uint64) []Cut {
	return []Cut{
		{"whole", whole},
		{"event", perEvent},
		{"byte", perByte},
		{"random", func(body []byte) iter.Seq[[]byte] { return random(body, seed) }},
	}
}

func whole(body []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) { yield(body) }
}

// perEvent cuts behind each blank line, whatever its line ends, and a stream
// that is one JSON array behind each element.
func perEvent(body []byte) iter.Seq[[]byte] {
	end := blank
	if rest := bytes.TrimLeft(body, " \t\r\n"); len(rest) > 0 && rest[0] == '[' {
		end = element
	}
	return func(yield func([]byte) bool) {
		for len(body) > 0 {
			n := end(body)
			if !yield(body[:n:n]) {
				return
			}
			body = body[n:]
		}
	}
}

// blank returns the length up to and including the first blank line.
func blank(body []byte) int {
	n := len(body)
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		if i := bytes.Index(body, []byte(end)); i >= 0 {
			n = min(n, i+len(end))
		}
	}
	return n
}

// element returns the length up to and including the first object, or of all
// where there is none.
func element(body []byte) int {
	depth, quoted, escaped := 0, false, false
	for i, c := range body {
		switch {
		case escaped:
			escaped = false
		case quoted:
			quoted, escaped = c != '"', c == '\\'
		case c == '"':
			quoted = true
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(body)
}

func perByte(body []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range body {
			if !yield(body[i : i+1 : i+1]) {
				return
			}
		}
	}
}

// random cuts into pieces of mostly a few and sometimes many bytes.
func random(body []byte, seed uint64) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		r := rand.New(rand.NewPCG(seed, uint64(len(body))))
		for len(body) > 0 {
			n := min(len(body), 1+r.IntN(1<<(1+r.IntN(11))))
			if !yield(body[:n:n]) {
				return
			}
			body = body[n:]
		}
	}
}
