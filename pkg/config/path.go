package config

import (
	"strconv"
	"strings"
)

// path names a place in the configuration, as models[0].candidates[1].backend;
// the whole of it is empty.
type path string

func (p path) field(name string) path {
	if p == "" {
		return path(name)
	}
	return p + "." + path(name)
}

func (p path) item(i int) path { return p + path("["+strconv.Itoa(i)+"]") }

// parent is the place that p is in; ok is false for the whole configuration.
func (p path) parent() (up path, ok bool) {
	i := strings.LastIndexAny(string(p), ".[")
	return p[:max(i, 0)], p != ""
}
