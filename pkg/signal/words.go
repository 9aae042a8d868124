package signal

import (
	"strings"
	"unicode/utf8"
)

// tasks are the kinds of work and the words that name them.
var tasks = []struct {
	name  string
	words []string
}{
	{"translate", []string{"translate", "translation"}},
	{"summarise", []string{"summarise", "summarize", "summary", "tldr"}},
	{"classify", []string{"classify", "categorize", "categorise", "sentiment"}},
	{"extract", []string{"extract"}},
	{"code", []string{"refactor", "debug", "implement", "compile", "bug", "function", "script", "program", "unittest"}},
	{"maths", []string{"solve", "calculate", "compute", "prove", "integral", "equation"}},
	{"write", []string{"write", "draft", "compose", "rewrite", "essay", "poem", "story"}},
}

// Tasks are the words that Text.Task can be.
func Tasks() []string {
	list := make([]string, 0, len(tasks))
	for i := range tasks {
		list = append(list, tasks[i].name)
	}
	return list
}

// Questions are the words that Text.Question can be.
func Questions() []string { return append(asking[:], "whether") }

var asking = [...]string{"who", "what", "when", "where", "why", "how", "which"} //nolint:gochecknoglobals // a closed list

// What else single words say.
var (
	mathsWords  = []string{"equation", "theorem", "integral", "derivative", "prove", "proof", "polynomial", "matrix", "algebra", "probability", "calculus", "geometry", "modulo"}
	demandWords = []string{"prove", "derive", "optimize", "optimise", "analyze", "analyse", "design", "compare", "explain", "step", "debug", "architecture", "tradeoffs"}
)

// mark is what one word says.
type mark struct {
	languages, tasks uint8 // bits, as in common and in tasks
	maths, demand    bool
}

// lexicon is all words that say something.
var lexicon = func() map[string]mark { //nolint:gochecknoglobals // a table that nothing changes
	m := make(map[string]mark)
	enter := func(words []string, add func(*mark)) {
		for _, w := range words {
			k := m[w]
			add(&k)
			m[w] = k
		}
	}
	for i := range common {
		enter(common[i].words, func(k *mark) { k.languages |= 1 << i })
	}
	for i := range tasks {
		enter(tasks[i].words, func(k *mark) { k.tasks |= 1 << i })
	}
	enter(mathsWords, func(k *mark) { k.maths = true })
	enter(demandWords, func(k *mark) { k.demand = true })
	return m
}()

// sizes are the lengths, as bits, of the words of the lexicon by their first
// byte: all of them, and those that count also far from the beginning. Most
// words are none of them, and this is found out sooner than by the map.
var sizes = func() (t struct{ near, far [256]uint32 }) { //nolint:gochecknoglobals // a table that nothing changes
	for w, k := range lexicon {
		t.near[w[0]] |= 1 << len(w)
		if k.maths || k.demand {
			t.far[w[0]] |= 1 << len(w)
		}
	}
	return t
}()

// longestWord of the lexicon, in bytes; a test compares.
const longestWord = 12

// How many words tell the language, and the task.
const (
	languageWords = 128
	taskWords     = 64
)

// tally is what the words of a text say, found in one pass.
type tally struct {
	first     string // in lower case
	languages [8]int // common words of each, at the beginning
	tasks     uint8  // bits, as in tasks, at the beginning
	maths     bool
	demands   int
	wide      bool // not all is ASCII
}

func tallied(text string) (w tally) {
	n := 0
	for i := 0; i < len(text); {
		for i < len(text) && !inWord[text[i]] {
			i++
		}
		start, wide := i, false
		for i < len(text) && inWord[text[i]] {
			wide = wide || text[i] >= utf8.RuneSelf
			i++
		}
		if start == i {
			break
		}
		w.wide = w.wide || wide
		w.word(n, text[start:i], wide)
		n++
	}
	return w
}

// word enters word n.
func (w *tally) word(n int, word string, wide bool) {
	if n == 0 {
		w.first = strings.ToLower(word)
	}
	if len(word) > longestWord+4 { // lower case can be shorter
		return
	}
	if wide {
		word = strings.ToLower(word)
	}
	var lower [longestWord + 8]byte
	size := lowerASCII(lower[:], word)
	known := &sizes.near
	if n >= languageWords {
		known = &sizes.far
	}
	if known[lower[0]]>>size&1 == 0 {
		return
	}
	k, ok := lexicon[string(lower[:size])]
	if !ok {
		return
	}
	if n < languageWords {
		for i := range common {
			w.languages[i] += int(k.languages >> i & 1)
		}
	}
	if n < taskWords {
		w.tasks |= k.tasks
	}
	w.maths = w.maths || k.maths
	if k.demand {
		w.demands++
	}
}

// lowerASCII copies a word in lower case and returns its length.
func lowerASCII(dst []byte, word string) int {
	n := copy(dst, word)
	for i, c := range dst[:n] {
		if c >= 'A' && c <= 'Z' {
			dst[i] = c + 'a' - 'A'
		}
	}
	return n
}

// inWord says which bytes are of words: letters and digits, apostrophes, and
// all that is not ASCII.
var inWord = func() (t [256]bool) { //nolint:gochecknoglobals // a table that nothing changes
	for c := range t {
		t[c] = c == '\'' || c >= utf8.RuneSelf || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	return t
}()
