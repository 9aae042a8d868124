package config

import (
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"

	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

// Checked is a valid configuration, with what was found out on the way. It is
// not to be changed, and not safe for concurrent use.
type Checked struct {
	Config *signalboxv1.Config // as given
	Full   *signalboxv1.Config // with defaults

	name       string
	reader     *reader        // knows where everything stands; nil: not from a file
	conditions *when.Compiler // nil: there are none
}

// Condition is the compiled condition of one of the routes.
func (k *Checked) Condition(text string) (*when.Condition, error) {
	if k.conditions == nil { // cannot happen for those of Config
		return nil, &when.Error{Text: "is not of this configuration"}
	}
	return k.conditions.Compile(text)
}

// Check is Read for a configuration that does not come from a file. Its error
// is Errors, without positions.
func Check(c *signalboxv1.Config) (*Checked, error) {
	k := newChecker(c, nil)
	if errs := k.check(nil); len(errs) > 0 {
		return nil, errs
	}
	return &Checked{Config: k.raw, Full: k.c, conditions: k.conditions}, nil
}

// Validate is Check for those who want to know no more than the errors.
func Validate(c *signalboxv1.Config) error {
	_, err := Check(c)
	return err
}
