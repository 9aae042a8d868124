package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	maxLength    = 64 << 10         // bytes of a secret
	commandLimit = 10 * time.Second // for a command to answer
)

// Ref says where a secret is read from: exactly one of Env, File and Command.
// The zero value refers to nothing.
type Ref struct {
	Env     string        // name of an environment variable
	File    string        // path
	Command []string      // program and arguments; there is no shell
	Refresh time.Duration // how often the command is run again; 0 is never
}

// IsZero reports whether r refers to nothing.
func (r Ref) IsZero() bool { return r.Env == "" && r.File == "" && len(r.Command) == 0 }

// String names the reference. Arguments of a command are left out, since some
// put secrets there.
func (r Ref) String() string {
	switch {
	case r.Env != "":
		return "env " + r.Env
	case r.File != "":
		return "file " + r.File
	case len(r.Command) > 0:
		return "command " + filepath.Base(r.Command[0])
	}
	return "no reference"
}

// Resolve reads the secret. Line ends at its end are dropped. Its error names
// the reference and never what was read.
func (r Ref) Resolve(ctx context.Context) (Value, error) {
	text, err := r.read(ctx)
	if err == nil {
		text = strings.TrimRight(text, "\r\n")
		err = check(text)
	}
	if err != nil {
		return Value{}, fmt.Errorf("secret from %s: %w", r, err)
	}
	return New(text), nil
}

func (r Ref) read(ctx context.Context) (string, error) {
	switch {
	case r.Env != "":
		text, ok := os.LookupEnv(r.Env)
		if !ok {
			return "", errors.New("the variable is not set")
		}
		return text, nil
	case r.File != "":
		return readFile(r.File)
	case len(r.Command) > 0:
		return run(ctx, r.Command)
	}
	return "", errors.New("name one of env, file and command")
}

func check(text string) error {
	if text == "" {
		return errors.New("it is empty")
	}
	if len(text) > maxLength {
		return fmt.Errorf("longer than %d bytes", maxLength)
	}
	for i := range len(text) {
		if text[i] < ' ' && text[i] != '\t' || text[i] == 0x7f {
			return errors.New("it holds a control character or a line end; a secret is one line")
		}
	}
	return nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", bare(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLength+3))
	if err != nil {
		return "", bare(err)
	}
	return string(b), nil
}

// bare is err without the path, which the reference names already.
func bare(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// run returns the standard output of a command; what it writes to standard
// error is dropped, as it may hold the secret.
func run(ctx context.Context, command []string) (string, error) {
	limited, cancel := context.WithTimeoutCause(ctx, commandLimit, fmt.Errorf("no answer within %v", commandLimit))
	defer cancel()
	var out output
	c := exec.CommandContext(limited, command[0], command[1:]...)
	c.Stdout = &out
	c.WaitDelay = time.Second // for children that keep the output open
	err := c.Run()
	if cause := context.Cause(limited); cause != nil {
		return "", cause
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("it ended with %v", e.ProcessState)
	}
	if err != nil {
		return "", fmt.Errorf("not run: %w", err)
	}
	return string(out.text), nil
}

// output keeps the first bytes of what is written to it.
type output struct{ text []byte }

func (o *output) Write(p []byte) (int, error) {
	o.text = append(o.text, p[:min(len(p), maxLength+3-len(o.text))]...)
	return len(p), nil
}
