package key

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/genai"
)

// version of the file's format.
const version = 1

// file is the JSON form of a key file.
type file struct {
	Version int     `json:"version"`
	Keys    []entry `json:"keys"`
}

type entry struct {
	ID      string     `json:"id"`
	Name    string     `json:"name,omitempty"`
	Team    string     `json:"team,omitempty"`
	Hash    string     `json:"sha256"`
	Models  []string   `json:"models,omitempty"`
	Class   string     `json:"class,omitempty"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`
}

// Load reads the keys of a file. A missing file holds none.
func Load(path string) (*Set, error) {
	keys, err := List(path)
	if err != nil {
		return nil, err
	}
	s := &Set{byHash: make(map[[32]byte]*Key, len(keys))}
	for i := range keys {
		s.byHash[keys[i].Hash] = &keys[i]
	}
	return s, nil
}

// List returns the keys of a file in the order in which they were added.
func List(path string) ([]Key, error) {
	data, err := read(path)
	if err != nil || data == nil {
		return nil, err
	}
	keys, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// read returns nil for a missing file.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("key file %s: others than its owner may write it; run chmod 600 on it", path)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return data, nil
}

func parse(data []byte) ([]Key, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after its end")
	}
	if f.Version != version {
		return nil, fmt.Errorf("its version is %d and this program reads %d", f.Version, version)
	}
	keys := make([]Key, 0, len(f.Keys))
	ids, hashes := make(map[string]bool, len(f.Keys)), make(map[[32]byte]bool, len(f.Keys))
	for i := range f.Keys {
		k, err := f.Keys[i].key()
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		if ids[k.ID] || hashes[k.Hash] {
			return nil, fmt.Errorf("keys[%d]: %s is there twice", i, k.ID)
		}
		ids[k.ID], hashes[k.Hash] = true, true
		keys = append(keys, k)
	}
	return keys, nil
}

func (e *entry) key() (Key, error) {
	k := Key{
		ID: e.ID, Name: e.Name, Team: e.Team, Models: e.Models, Class: genai.DataClass(e.Class),
		Created: e.Created.UTC(), Expires: orZero(e.Expires), Revoked: orZero(e.Revoked),
	}
	if !strings.HasPrefix(k.ID, idPrefix) {
		return Key{}, fmt.Errorf("id %q does not begin with %q", e.ID, idPrefix)
	}
	sum, err := hex.DecodeString(e.Hash)
	if err != nil || len(sum) != len(k.Hash) {
		return Key{}, errors.New("sha256 is not 64 hexadecimal digits")
	}
	copy(k.Hash[:], sum)
	return k, nil
}

func entryOf(k *Key) entry {
	return entry{
		ID: k.ID, Name: k.Name, Team: k.Team, Hash: hex.EncodeToString(k.Hash[:]), Models: k.Models, Class: string(k.Class),
		Created: k.Created, Expires: orNil(k.Expires), Revoked: orNil(k.Revoked),
	}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
