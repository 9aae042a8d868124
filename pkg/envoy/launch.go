package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func (s *Supervisor) logFile() string { return filepath.Join(s.o.Dir, "envoy.log") }
func (s *Supervisor) baseID() string  { return filepath.Join(s.o.Dir, "base_id") }

// maxLog is the size above which Envoy's own log is set aside at a start.
const maxLog = 10 << 20

// drainFor is how long what was replaced may go on, be it an Envoy or its
// listener: longer than any stream. Callers are asked at once to leave.
const drainFor = 3700 * time.Second

// launch starts an Envoy, waits until it serves and remembers it.
func (s *Supervisor) launch(ctx context.Context, want state) error {
	if info, err := os.Stat(s.logFile()); err == nil && info.Size() > maxLog {
		_ = os.Rename(s.logFile(), s.logFile()+".1") // else it only grows on
	}
	out, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("envoy's log: %w", err)
	}
	defer out.Close()
	from, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("envoy's log: %w", err)
	}
	pid, err := detach(append([]string{s.o.Binary.Path}, s.arguments(want)...), out)
	if err != nil {
		return fmt.Errorf("envoy: %w", err)
	}
	want.PID = pid
	want.Start, _ = startTime(pid)
	if err := s.save(want); err != nil {
		end(want.process)
		return err
	}
	if err := s.await(ctx, want); err != nil {
		end(want.process)
		return fmt.Errorf("envoy: %w%s", err, s.reason(from))
	}
	if want.Epoch == 0 {
		if want.BaseID, err = s.readBaseID(); err != nil {
			s.log.Warn("envoy cannot be replaced without a pause", slog.Any("error", err))
		}
	}
	s.admin.anew()
	s.log.Info("envoy serves", slog.Int("pid", want.PID), slog.String("version", s.o.Binary.Version))
	return s.save(want)
}

func (s *Supervisor) save(now state) error {
	if err := now.save(s.file()); err != nil {
		return err
	}
	s.set(now)
	return nil
}

// arguments are Envoy's. Several Envoys may run on one machine: each gets a
// base id of its own, which its successors share.
func (s *Supervisor) arguments(want state) []string {
	args := []string{
		"-c", s.o.Config,
		"-l", "warning",
		"--component-log-level", "misc:error", // the usage filters are announced as unfinished at each start
		"--drain-time-s", strconv.Itoa(int(drainFor.Seconds())), "--drain-strategy", "immediate",
		"--parent-shutdown-time-s", strconv.Itoa(int(drainFor.Seconds())),
		"--skip-hot-restart-parent-stats",
	}
	if want.Epoch == 0 {
		args = append(args, "--use-dynamic-base-id", "--base-id-path", s.baseID())
	} else {
		args = append(args, "--base-id", strconv.Itoa(want.BaseID), "--restart-epoch", strconv.Itoa(want.Epoch))
	}
	return append(args, s.o.Flags...)
}

func (s *Supervisor) readBaseID() (int, error) {
	b, err := os.ReadFile(s.baseID())
	if err != nil {
		return 0, fmt.Errorf("base id: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("base id: %w", err)
	}
	return n, nil
}

// orphan waits until its parent, the shell that started it, is gone, and then
// becomes the program. What it writes is for the owner alone.
const orphan = `umask 077; (while kill -0 $$ 2>/dev/null; do sleep 0.01; done; exec "$@" >&2) & echo $!`

// detach starts a program that outlives us and returns its process id. Envoy
// asks the kernel to end it together with its parent (PR_SET_PDEATHSIG), so it
// must not be our child: a shell in between starts it and goes first.
func detach(command []string, out *os.File) (pid int, err error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", orphan, "sh"}, command...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = out
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	cmd.Stdout = w
	err = cmd.Start()
	w.Close()
	if err != nil {
		return 0, err
	}
	line := make([]byte, 32)
	n, _ := r.Read(line) // nothing read is no number
	if err := cmd.Wait(); err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(line[:n])))
}

// await waits until Envoy serves.
func (s *Supervisor) await(ctx context.Context, want state) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.StartTimeout)
	defer cancel()
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not serve: %w", ctx.Err())
		case <-t.C:
		}
		// The one that is replaced answers until the new one takes over.
		if n, err := s.admin.epoch(ctx); err == nil && n == want.Epoch {
			return nil
		}
		if !want.alive() {
			return errors.New("it ended at once")
		}
	}
}

// reason is what Envoy wrote last before it gave up.
func (s *Supervisor) reason(from int64) string {
	const most = 64 << 10
	f, err := os.Open(s.logFile())
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil || len(b) == 0 {
		return ""
	}
	last := ""
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "[critical]") || strings.Contains(line, "[error]") || strings.HasPrefix(line, "error") {
			last = strings.TrimSpace(line)
		}
	}
	if _, text, ok := strings.Cut(last, ".cc:"); ok { // its own source's line
		_, last, _ = strings.Cut(text, "] ")
	}
	if last == "" {
		return ": see " + s.logFile()
	}
	return ": " + last + " (more in " + s.logFile() + ")"
}
