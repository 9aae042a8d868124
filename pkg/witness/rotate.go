package witness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// identity names a file whatever its path.
type identity struct{ device, inode uint64 }

func identify(info fs.FileInfo) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{uint64(st.Dev), st.Ino} //nolint:unconvert // the width of Dev differs between systems
}

// resume finds the place that From names, perhaps in a file that was rotated
// since, and queues what was rotated after it.
func (t *Tail) resume() {
	from := t.o.From
	if from == nil {
		return
	}
	files := rotated(t.o.Path) // oldest first
	if info, err := os.Stat(t.o.Path); err == nil && identify(info) == (identity{from.Device, from.Inode}) {
		if err := t.open(t.o.Path, from.Offset); err != nil {
			t.report(err)
		}
		return
	}
	for i, f := range files {
		if f.id != (identity{from.Device, from.Inode}) {
			continue
		}
		if err := t.open(f.path, from.Offset); err != nil {
			t.report(err)
			break
		}
		for _, g := range files[i+1:] {
			t.queue = append(t.queue, g.path)
		}
		return
	}
	// The file is gone: what was written after the offset is worth reading, and
	// entries that come twice are known.
	for _, f := range files {
		if f.time.UnixNano() > int64(from.TimeNs) {
			t.queue = append(t.queue, f.path)
		}
	}
}

// next opens the oldest file that was not read, at its beginning.
func (t *Tail) next() error {
	for len(t.queue) > 0 {
		path := t.queue[0]
		t.queue = t.queue[1:]
		if err := t.open(path, 0); err == nil {
			return nil
		}
	}
	return t.open(t.o.Path, 0)
}

// place is what lies at the log's path.
type place uint8

const (
	same    place = iota // the open file
	moved                // another one: all that will ever be in the open file is there
	missing              // nothing: Envoy still writes to the open file
)

func (t *Tail) look() (place, error) {
	info, err := os.Stat(t.o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(t.queue) > 0:
		return moved, nil
	case errors.Is(err, fs.ErrNotExist):
		return missing, nil
	case err != nil:
		return same, fmt.Errorf("access log: %w", err)
	case identify(info) != t.id:
		return moved, nil
	}
	return same, nil
}

// recreate has Envoy open the log anew when it was renamed or removed.
func (t *Tail) recreate(ctx context.Context) error {
	if t.o.Reopen == nil {
		return errGone
	}
	if err := t.o.Reopen(ctx); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

var errGone = errors.New("access log was removed or renamed; Envoy has to reopen its logs") // sentinel

// finish leaves a file that was read to its end. A last line without an end
// is lost: nobody will finish it.
func (t *Tail) finish() {
	if len(t.buf) > 0 {
		t.log.Warn("access log ended inside a line", slog.Int("bytes", len(t.buf)))
	}
	t.close()
}

// rotate renames the log away when it is large and all of it was taken. The
// old file stays open and is read until the new one is there.
func (t *Tail) rotate(ctx context.Context) error {
	if t.o.RotateAt <= 0 || t.at < t.o.RotateAt || t.o.Reopen == nil {
		return nil
	}
	if err := shift(t.o.Path, t.o.Keep); err != nil {
		return fmt.Errorf("access log rotation: %w", err)
	}
	return t.recreate(ctx)
}

// shift renames path to path.1, path.1 to path.2 and so on, and removes what
// then is beyond keep. A log that is not there was renamed before.
func shift(path string, keep int) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for n := keep; n >= 0; n-- {
		from := numbered(path, n)
		var err error
		if n == keep {
			err = os.Remove(from)
		} else {
			err = os.Rename(from, numbered(path, n+1))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func numbered(path string, n int) string {
	if n == 0 {
		return path
	}
	return path + "." + strconv.Itoa(n)
}

// old is a rotated file.
type old struct {
	path string
	id   identity
	time time.Time
}

// rotated lists the files that were the log once, oldest first: whatever lies
// beside it under its name and more, unless it is compressed.
func rotated(path string) []old {
	names, err := filepath.Glob(globEscape(path) + "?*")
	if err != nil {
		return nil // the pattern is escaped
	}
	var files []old
	for _, n := range names {
		info, err := os.Stat(n)
		if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(n, ".gz") {
			continue
		}
		files = append(files, old{n, identify(info), info.ModTime()})
	}
	slices.SortFunc(files, func(a, b old) int {
		if c := a.time.Compare(b.time); c != 0 {
			return c
		}
		return strings.Compare(b.path, a.path) // .2 is older than .1
	})
	return files
}

func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
