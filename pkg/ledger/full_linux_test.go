package ledger

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// fullDir names the variable by which the test program is told to fill the
// disk that it mounts there.
const fullDir = "SIGNALBOX_TEST_FULL"

// TestARealDiskThatIsFull fills a small file system of its own, in a process
// with its own mounts, frees some of it and goes on.
func TestARealDiskThatIsFull(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), fullDir+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == cannotMount || err != nil && !ok {
		t.Skipf("no mounts of one's own here: %v %s", err, out)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

const cannotMount = 77

// fillDisk is the child's part.
func fillDisk(dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		fmt.Println(err)
		os.Exit(cannotMount)
	}
	if err := fill(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func fill(dir string) error {
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
		return err
	}
	l, _, err := Open(filepath.Join(dir, "ledger"), Options{SegmentSize: 64 << 10})
	if err != nil {
		return err
	}
	n := uint64(0)
	for ; err == nil; n++ {
		err = l.Append(opened(n%10), attempt(n, 1))
	}
	written := int(n - 1)
	if !errors.Is(err, syscall.ENOSPC) || l.Healthy() {
		return fmt.Errorf("full disk: %w, healthy %v", err, l.Healthy())
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	for begin := time.Now(); !l.Healthy(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			return errors.New("still refusing")
		}
	}
	if err := errors.Join(l.Append(opened(1), attempt(n, 1)), l.Close()); err != nil {
		return err
	}
	rows := 0
	for e, err := range Read(filepath.Join(dir, "ledger")) {
		if err != nil {
			return err
		}
		if e.Kind == KindAttempt && !e.Copy {
			rows++
		}
	}
	if rows != written+1 {
		return fmt.Errorf("%d rows of %d acknowledged", rows, written+1)
	}
	fmt.Printf("full after %d batches, none lost", written)
	return nil
}
