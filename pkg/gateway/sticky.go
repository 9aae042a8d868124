package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stickyKey is how long the key is, in bytes.
const stickyKey = 32

// sticker returns what requests that belong together are drawn by: a digest
// under a key of this installation, kept in its state directory so that they
// stay together across restarts. Accounts of decisions hold the digest; nobody
// without the key can try users or prompts against it.
func sticker(dir string) (func(uint64) uint64, error) {
	path := filepath.Join(dir, "sticky.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, stickyKey)
		if _, err = rand.Read(key); err == nil {
			err = os.WriteFile(path, key, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key of sticky orders: %w", err)
	}
	if len(key) != stickyKey {
		return nil, fmt.Errorf("key of sticky orders: %s is damaged; remove it and start again: users and conversations are then drawn anew", path)
	}
	return func(n uint64) uint64 {
		h := hmac.New(sha256.New, key)
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
		return binary.LittleEndian.Uint64(h.Sum(nil))
	}, nil
}
