package key

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/secret"
)

const (
	prefix     = "sb-" // every key's text begins with it
	secretSize = 32    // random bytes of a key
	textLength = len(prefix) + 43

	idPrefix = "key_"
	idLength = 12
	// alphabet of IDs: 32 letters without those that are mistaken for others.
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
)

// Key is what is known of a virtual key. Times are UTC; a zero Expires or
// Revoked is never.
type Key struct {
	ID      string // "key_" and 12 characters: its public name
	Name    string // what it is for, in its owner's words
	Team    string // empty: none
	Hash    [32]byte
	Models  []string // that it may use; empty: all
	Class   genai.DataClass
	Created time.Time
	Expires time.Time
	Revoked time.Time
}

// Spec is what a new key should be.
type Spec struct {
	Name, Team string
	Models     []string // empty: all
	Class      genai.DataClass
	Expires    time.Duration // how long it is valid; 0: for ever
}

// Generate makes a key from random bytes of r and returns it with its text,
// which nothing can bring back later.
func Generate(r io.Reader, spec Spec, now time.Time) (Key, secret.Value, error) {
	if err := spec.check(); err != nil {
		return Key{}, secret.Value{}, err
	}
	var b [secretSize + idLength]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return Key{}, secret.Value{}, fmt.Errorf("random bytes: %w", err)
	}
	text := prefix + base64.RawURLEncoding.EncodeToString(b[:secretSize])
	id := b[secretSize:]
	for i := range id {
		id[i] = alphabet[id[i]%byte(len(alphabet))]
	}
	now = now.UTC().Truncate(time.Second)
	k := Key{
		ID: idPrefix + string(id), Name: spec.Name, Team: spec.Team, Hash: sha256.Sum256([]byte(text)),
		Models: spec.Models, Class: spec.Class, Created: now,
	}
	if spec.Expires > 0 {
		k.Expires = now.Add(spec.Expires)
	}
	return k, secret.New(text), nil
}

// Declared is a key that is kept elsewhere than in a key file, by its hash. Its
// ID follows from that.
func Declared(hash [sha256.Size]byte, spec Spec, expires time.Time) Key {
	var id [idLength]byte
	for i := range id {
		id[i] = alphabet[hash[i]%byte(len(alphabet))]
	}
	return Key{ID: idPrefix + string(id[:]), Name: spec.Name, Team: spec.Team, Hash: hash, Models: spec.Models, Class: spec.Class, Expires: expires}
}

func (s Spec) check() error {
	if s.Expires < 0 {
		return errors.New("the key would have expired before it was made")
	}
	for _, text := range append([]string{s.Name, s.Team, string(s.Class)}, s.Models...) {
		if len(text) > 256 || strings.ContainsFunc(text, unicode.IsControl) {
			return errors.New("names of a key are at most 256 bytes, without control characters")
		}
	}
	return nil
}
