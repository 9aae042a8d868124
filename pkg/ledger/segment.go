package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	extension = ".log"
	temporary = ".tmp"
)

var (
	errHeader  = errors.New("no segment header")
	errVersion = errors.New("ledger segment of version")
	// ErrInUse says that another process holds the directory.
	ErrInUse = errors.New("ledger is in use by another process")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("ledger is closed")
)

// DamageError is a range of a segment that cannot be read. It was left as it
// is.
type DamageError struct {
	File   string
	Offset int64
	Length int64
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s:%d: damaged ledger: %s (%d bytes)", e.File, e.Offset, e.Reason, e.Length)
}

// segment is a segment that is open for appending.
type segment struct {
	f      *os.File
	number uint64
	seed   uint32
	size   int64
	listed bool // its directory entry is durable
}

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d%s", number, extension))
}

// segments returns the numbers of the segments in dir, in order.
func segments(dir string) ([]uint64, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger directory: %w", err)
	}
	var numbers []uint64
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), extension)
		if !ok || len(name) != 12 {
			continue
		}
		if n, err := strconv.ParseUint(name, 10, 64); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// create makes segment number with frames, which it seals, as its beginning.
// The file has its final name only when all of that is on disk.
func create(dir string, number uint64, frames []byte) (segment, error) {
	h := header{number: number}
	if _, err := rand.Read(h.salt[:]); err != nil {
		return segment{}, fmt.Errorf("segment salt: %w", err)
	}
	seal(frames, h.seed())
	path := segmentPath(dir, number)
	f, err := os.OpenFile(path+temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return segment{}, fmt.Errorf("new segment: %w", err)
	}
	if err := publish(f, append(h.append(nil), frames...), path); err != nil {
		return segment{}, errors.Join(fmt.Errorf("new segment: %w", err), f.Close(), os.Remove(path+temporary))
	}
	return segment{f: f, number: number, seed: h.seed(), size: headerSize + int64(len(frames))}, nil
}

func publish(f *os.File, content []byte, path string) error {
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := datasync(f); err != nil {
		return err
	}
	return os.Rename(path+temporary, path)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("ledger directory: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// openScan prepares the scan of an open segment file.
func openScan(f *os.File, final bool) (*scanner, header, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, header{}, err
	}
	var b [headerSize]byte
	if _, err := f.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, header{}, err
	}
	h, err := parseHeader(b[:min(int64(headerSize), info.Size())])
	if errors.Is(err, errVersion) {
		return nil, header{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if err != nil {
		return nil, header{}, &DamageError{File: f.Name(), Length: info.Size(), Reason: err.Error()}
	}
	return &scanner{r: f, size: info.Size(), seed: h.seed(), final: final}, h, nil
}

// removeTemporary removes what a crash left of a segment that was being made.
func removeTemporary(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("ledger directory: %w", err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), extension+temporary) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return fmt.Errorf("unfinished segment: %w", err)
		}
	}
	return nil
}
