//go:build !linux

package ledger

import (
	"fmt"
	"os"
)

// datasync makes the file's content durable.
func datasync(f *os.File) error { return f.Sync() }

// lock opens the directory; outside Linux nothing keeps a second process out.
func lock(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger directory: %w", err)
	}
	return d, nil
}
