package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// maxFile is the longest file that is read, in bytes.
const maxFile = 8 << 20

// Parse reads a configuration file. name stands in the errors, which are all
// that is wrong with it, as Errors. Defaults are not filled in.
func Parse(name string, data []byte) (*signalboxv1.Config, error) {
	k, err := Read(name, data, nil)
	if err != nil {
		return nil, err
	}
	return k.Config, nil
}

// Read is Parse for those who do more with the file. before is what was read of
// an earlier state of it, whose conditions need not be compiled again; it may
// be nil.
func Read(name string, data []byte, before *Checked) (*Checked, error) {
	root, bad := document(data)
	if bad != nil {
		bad.File = name
		return nil, Errors{*bad}
	}
	c := &signalboxv1.Config{}
	r := &reader{at: map[path]*yaml.Node{"": root}}
	if root != nil {
		r.message(root, c.ProtoReflect(), "")
	}
	errs := r.errs
	k := newChecker(c, before)
	if !r.tooMuch {
		for _, e := range k.check(r.unsure) {
			n := r.nearest(path(e.Path))
			e.Line, e.Column = position(n)
			errs = append(errs, e)
		}
	}
	if len(errs) == 0 {
		return &Checked{Config: c, Full: k.c, name: name, reader: r, conditions: k.conditions}, nil
	}
	errs.sort()
	for i := range errs {
		errs[i].File = name
	}
	return nil, errs
}

// document is the root of the only YAML document in data, nil when there is
// none.
func document(data []byte) (*yaml.Node, *Error) {
	if len(data) > maxFile {
		return nil, &Error{Line: 1, Text: fmt.Sprintf("the file is longer than %d MiB", maxFile>>20)}
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := d.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, syntaxError(err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, &Error{Line: more.Line, Column: more.Column, Text: "a second document begins here; a configuration is one document: remove the --- line"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	root := doc.Content[0]
	if root.ShortTag() == "!!null" { // comments alone
		return nil, nil
	}
	return root, nil
}

// lineOf finds the position in the text of the YAML reader's errors.
var lineOf = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)

func syntaxError(err error) *Error {
	m := lineOf.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	line, _ := strconv.Atoi(m[1]) // 0 when the reader does not say
	text := "not YAML: " + m[2]
	if strings.Contains(text, "cannot start any token") {
		text += "; indent by spaces, not tabs, and put texts with special characters in quotes"
	}
	return &Error{Line: max(1, line), Text: text}
}
