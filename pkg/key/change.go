package key

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Add adds a key to a file, which is made when it is missing.
func Add(path string, k Key) error {
	return change(path, func(keys []Key) ([]Key, error) {
		for i := range keys {
			if keys[i].ID == k.ID || keys[i].Hash == k.Hash {
				return nil, fmt.Errorf("key %s is there already", k.ID)
			}
		}
		return append(keys, k), nil
	})
}

// Revoke marks a key of a file as revoked at now. The key is named by its ID
// or by a beginning of it that no other key has. A key that was revoked before
// keeps the earlier time.
func Revoke(path, idOrPrefix string, now time.Time) (Key, error) {
	var revoked Key
	err := change(path, func(keys []Key) ([]Key, error) {
		i, err := find(keys, idOrPrefix)
		if err != nil {
			return nil, err
		}
		if keys[i].Revoked.IsZero() {
			keys[i].Revoked = now.UTC().Truncate(time.Second)
		}
		revoked = keys[i]
		return keys, nil
	})
	return revoked, err
}

func find(keys []Key, name string) (int, error) {
	if strings.HasPrefix(name, prefix) {
		return 0, fmt.Errorf("a key is named by its ID, %s..., not by its text", idPrefix)
	}
	if !strings.HasPrefix(name, idPrefix) || len(name) == len(idPrefix) {
		return 0, fmt.Errorf("an ID begins with %q and has %d more characters", idPrefix, idLength) // what it is instead may be a secret
	}
	if i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == name }); i >= 0 {
		return i, nil
	}
	found := -1
	for i := range keys {
		if !strings.HasPrefix(keys[i].ID, name) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("more than one key begins with %q: %s and %s", name, keys[found].ID, keys[i].ID)
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("no key %q", name)
	}
	return found, nil
}

// change replaces a file by what edit makes of its keys, while no other
// process can.
func change(path string, edit func([]Key) ([]Key, error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	defer unlock()
	keys, err := List(path)
	if err != nil {
		return err
	}
	keys, err = edit(keys)
	if err != nil {
		return err
	}
	return write(path, keys)
}

// lock waits for the lock file, which stays: removing it would let two
// processes hold two locks of one name.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// write replaces the file in one step; the new one is on disk before it gets
// its name.
func write(path string, keys []Key) error {
	f := file{Version: version, Keys: make([]entry, 0, len(keys))}
	for i := range keys {
		f.Keys = append(f.Keys, entryOf(&keys[i]))
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if err := replace(path, append(data, '\n')); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}

func replace(path string, data []byte) (err error) {
	t, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			t.Close()
			os.Remove(t.Name())
		}
	}()
	if _, err = t.Write(data); err != nil {
		return err
	}
	if err = t.Sync(); err != nil {
		return err
	}
	if err = t.Close(); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
