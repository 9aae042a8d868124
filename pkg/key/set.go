package key

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/fault"
)

// Set is all keys of a file, and perhaps of a configuration. It is immutable and safe for concurrent use; a
// nil Set has no keys.
type Set struct{ byHash map[[32]byte]*Key }

// Len is the number of keys, those that are no longer valid included.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.byHash)
}

// With is a set that has further keys. Of two with the same text that of s
// counts, also when it was revoked.
func (s *Set) With(more []Key) *Set {
	all := &Set{byHash: make(map[[32]byte]*Key, s.Len()+len(more))}
	for i := range more {
		all.byHash[more[i].Hash] = &more[i]
	}
	if s != nil {
		maps.Copy(all.byHash, s.byHash)
	}
	return all
}

// All lists the keys, those that are no longer valid included, in the order in
// which they were made. They are shared and must not be changed.
func (s *Set) All() []*Key {
	if s == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(s.byHash), func(a, b *Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
}

// Check returns the key whose text is given, when it is valid at now. The key
// is shared and must not be changed. It does not allocate unless it fails.
func (s *Set) Check(text []byte, now time.Time) (*Key, *fault.Error) {
	if len(text) != textLength || !bytes.HasPrefix(text, []byte(prefix)) {
		return nil, fault.New(fault.InvalidKey, "This is not a key of this gateway: those begin with \"sb-\" and have 46 characters. The keys of providers are not accepted here.")
	}
	if s == nil {
		return nil, unknown()
	}
	// The map is searched by a hash that the caller cannot steer, so the time
	// of the search tells nothing about the keys in it.
	sum := sha256.Sum256(text)
	k := s.byHash[sum]
	if k == nil || subtle.ConstantTimeCompare(k.Hash[:], sum[:]) != 1 {
		return nil, unknown()
	}
	if !k.Revoked.IsZero() {
		return nil, fault.New(fault.InvalidKey, "The key "+k.ID+" was revoked. Ask the gateway's operator for another.")
	}
	if !k.Expires.IsZero() && !now.Before(k.Expires) {
		return nil, fault.New(fault.ExpiredKey, "The key "+k.ID+" expired at "+k.Expires.UTC().Format(time.RFC3339)+". Ask the gateway's operator for another.")
	}
	return k, nil
}

func unknown() *fault.Error {
	return fault.New(fault.InvalidKey, "No such key. Check that it was copied in whole, or ask the gateway's operator for another.")
}
