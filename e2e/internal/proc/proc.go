// Package proc runs child processes for the end-to-end tests and benchmarks:
// started with their output collected, ended by their own process id, measured
// through /proc.
//
// Invariant: a process that was started is waited for exactly once.
package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a running child.
type Process struct {
	cmd  *exec.Cmd
	out  *os.File
	done chan struct{}
	err  error
}

// Options start a process.
type Options struct {
	Path string
	Args []string
	Env  []string // added to our own
	Dir  string
}

// Start runs a program in a process group of its own, so that a Ctrl-C at the
// terminal reaches it only through us.
func Start(o Options) (*Process, error) {
	out, err := output()
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.Command(o.Path, o.Args...), out: out, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), o.Env...)
	p.cmd.Dir = o.Dir
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended; it waits for that.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Signal sends a signal and does not wait.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Kill ends the process at once, as kill -9 does, and waits.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	<-p.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Stop asks the process to end and kills it after the grace. The error says
// when it had to be killed.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		<-p.done
		return nil
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
		return errors.Join(fmt.Errorf("process %d did not end within %v", p.PID(), grace), p.Kill())
	}
}

// output is an unlinked file: a pipe would tie the process, and whatever it
// starts, to our own life.
func output() (*os.File, error) {
	f, err := os.CreateTemp("", "output-")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

const shown = 1 << 20

// Output is what the process wrote so far, its last megabyte.
func (p *Process) Output() string {
	info, err := p.out.Stat()
	if err != nil {
		return err.Error()
	}
	from := max(0, info.Size()-shown)
	b, err := io.ReadAll(io.NewSectionReader(p.out, from, info.Size()-from))
	if err != nil {
		return err.Error()
	}
	return string(b)
}
