package key_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/key"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// generate makes a key or ends the test.
func generate(t testing.TB, spec key.Spec) (key.Key, []byte) {
	t.Helper()
	k, text, err := key.Generate(rand.Reader, spec, start)
	if err != nil {
		t.Fatal(err)
	}
	return k, []byte(text.Reveal())
}

// stored makes a key and a file that holds it.
func stored(t testing.TB, spec key.Spec) (path string, k key.Key, text []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state", "keys.json")
	k, text = generate(t, spec)
	if err := key.Add(path, k); err != nil {
		t.Fatal(err)
	}
	return path, k, text
}

func load(t testing.TB, path string) *key.Set {
	t.Helper()
	s, err := key.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGenerate(t *testing.T) {
	seed := bytes.Repeat([]byte{0xfb}, 44)
	k, v, err := key.Generate(bytes.NewReader(seed), key.Spec{Name: "n", Team: "t", Expires: time.Hour}, start.Add(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	want := "sb-" + base64.RawURLEncoding.EncodeToString(seed[:32])
	if v.Reveal() != want || len(want) != 46 || k.Hash != sha256.Sum256([]byte(want)) {
		t.Errorf("text is %q", v.Reveal())
	}
	if !regexp.MustCompile(`^key_[0-9a-hjkmnp-tv-z]{12}$`).MatchString(k.ID) {
		t.Errorf("id is %q", k.ID)
	}
	if k.Created != start || k.Expires != start.Add(time.Hour) || !k.Revoked.IsZero() {
		t.Errorf("got %+v", k)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v %q", k, k, k, v), want[3:]) {
		t.Error("the text is in what is printed")
	}
	if _, _, err := key.Generate(bytes.NewReader(seed[:43]), key.Spec{}, start); err == nil {
		t.Error("made of too few random bytes")
	}
	for _, spec := range []key.Spec{{Expires: -1}, {Name: "a\nb"}, {Models: []string{strings.Repeat("m", 300)}}} {
		if _, _, err := key.Generate(rand.Reader, spec, start); err == nil {
			t.Errorf("made by %+v", spec)
		}
	}
}

func TestGeneratedKeysDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		k, text := generate(t, key.Spec{})
		if seen[k.ID] || seen[string(text)] {
			t.Fatal("twice the same")
		}
		seen[k.ID], seen[string(text)] = true, true
	}
}

func TestCheck(t *testing.T) {
	path, k, text := stored(t, key.Spec{Name: "n", Team: "search", Models: []string{"m"}, Class: "eu", Expires: time.Hour})
	s := load(t, path)
	if s.Len() != 1 {
		t.Fatalf("%d keys", s.Len())
	}
	got, f := s.Check(text, start)
	if f != nil {
		t.Fatal(f)
	}
	if diff := cmp.Diff(k, *got); diff != "" {
		t.Error(diff)
	}
	other := bytes.Clone(text)
	other[len(other)-1] ^= 1
	for _, c := range []struct {
		name string
		set  *key.Set
		text []byte
		now  time.Time
		kind fault.Kind
	}{
		{"just_valid", s, text, start.Add(time.Hour - 1), 0},
		{"just_expired", s, text, start.Add(time.Hour), fault.ExpiredKey},
		{"one_bit_off", s, other, start, fault.InvalidKey},
		{"upper_case", s, bytes.ToUpper(text), start, fault.InvalidKey},
		{"longer", s, append(bytes.Clone(text), 'A'), start, fault.InvalidKey},
		{"shorter", s, text[:45], start, fault.InvalidKey},
		{"hash", s, k.Hash[:], start, fault.InvalidKey},
		{"id", s, []byte(k.ID), start, fault.InvalidKey},
		{"empty", s, nil, start, fault.InvalidKey},
		{"providers_key", s, []byte("sk-proj-0123456789012345678901234567890123456"), start, fault.InvalidKey},
		{"nil_set", nil, text, start, fault.InvalidKey},
		{"empty_set", new(key.Set), text, start, fault.InvalidKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, f := c.set.Check(c.text, c.now)
			if c.kind == 0 {
				if f != nil || got == nil {
					t.Fatalf("refused: %v", f)
				}
				return
			}
			if f == nil || f.Kind != c.kind || got != nil {
				t.Fatalf("got %v, %v", got, f)
			}
			if len(c.text) > 0 && strings.Contains(f.Text, string(c.text)) {
				t.Errorf("the fault shows what was sent: %s", f.Text)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	path, k, text := stored(t, key.Spec{})
	other, otherText := generate(t, key.Spec{Name: "stays"})
	if err := key.Add(path, other); err != nil {
		t.Fatal(err)
	}
	before := load(t, path)
	got, err := key.Revoke(path, k.ID[:14], start.Add(time.Minute))
	if err != nil || got.ID != k.ID || got.Revoked != start.Add(time.Minute) {
		t.Fatalf("got %+v, %v", got, err)
	}
	after := load(t, path)
	if _, f := before.Check(text, start); f != nil {
		t.Error("a set has changed")
	}
	if _, f := after.Check(text, start); f == nil || f.Kind != fault.InvalidKey || !strings.Contains(f.Text, "revoked") {
		t.Errorf("got %v", f)
	}
	if _, f := after.Check(otherText, start); f != nil {
		t.Errorf("the other key is refused: %v", f)
	}
	again, err := key.Revoke(path, k.ID, start.Add(time.Hour))
	if err != nil || again.Revoked != start.Add(time.Minute) {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestRevokeNeedsOneKey(t *testing.T) {
	path, k, text := stored(t, key.Spec{})
	twin := k
	twin.ID, twin.Hash = k.ID[:15]+"~", sha256.Sum256([]byte("x"))
	if err := key.Add(path, twin); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		k.ID[:15]:         "more than one key begins with",
		"key_":            "an ID begins with",
		"":                "an ID begins with",
		"my-secret":       "an ID begins with",
		"key_~":           `no key "key_~"`,
		string(text):      "a key is named by its ID",
		string(text[:10]): "a key is named by its ID",
	} {
		_, err := key.Revoke(path, name, start)
		if err == nil || !strings.Contains(err.Error(), want) || len(name) > 5 && !strings.HasPrefix(name, "key_") && strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if s := load(t, path); s.Len() != 2 {
		t.Errorf("%d keys", s.Len())
	}
}

func TestAddTwice(t *testing.T) {
	path, k, _ := stored(t, key.Spec{})
	if err := key.Add(path, k); err == nil {
		t.Error("the same key was added twice")
	}
}

func TestFile(t *testing.T) {
	path, k, text := stored(t, key.Spec{Name: "n"})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, text[3:]) || !bytes.Contains(data, []byte(k.ID)) {
		t.Errorf("file: %s, %v", data, err)
	}
	list, err := key.List(path)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if diff := cmp.Diff(k, list[0]); diff != "" {
		t.Error(diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMissingFileHasNoKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if s := load(t, path); s.Len() != 0 {
		t.Errorf("%d keys", s.Len())
	}
	if list, err := key.List(path); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestDamagedFileGivesNothing(t *testing.T) {
	hash := strings.Repeat("0f", 32)
	for name, text := range map[string]string{
		"empty":           ``,
		"not_json":        `keys`,
		"cut":             `{"version":1,"keys":[{"id":"key_a"`,
		"more":            `{"version":1,"keys":[]}{}`,
		"other_version":   `{"version":2,"keys":[]}`,
		"no_version":      `{"keys":[]}`,
		"unknown_field":   `{"version":1,"keys":[],"x":1}`,
		"short_hash":      `{"version":1,"keys":[{"id":"key_a","sha256":"0f","created":"2026-03-01T12:00:00Z"}]}`,
		"not_hex":         `{"version":1,"keys":[{"id":"key_a","sha256":"` + strings.Repeat("zz", 32) + `","created":"2026-03-01T12:00:00Z"}]}`,
		"wrong_id":        `{"version":1,"keys":[{"id":"a","sha256":"` + hash + `","created":"2026-03-01T12:00:00Z"}]}`,
		"twice":           `{"version":1,"keys":[{"id":"key_a","sha256":"` + hash + `","created":"2026-03-01T12:00:00Z"},{"id":"key_b","sha256":"` + hash + `","created":"2026-03-01T12:00:00Z"}]}`,
		"not_a_time":      `{"version":1,"keys":[{"id":"key_a","sha256":"` + hash + `","created":"yesterday"}]}`,
		"expiry_not_time": `{"version":1,"keys":[{"id":"key_a","sha256":"` + hash + `","created":"2026-03-01T12:00:00Z","expires":0}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if s, err := key.Load(path); err == nil || s != nil {
				t.Errorf("read: %v, %v", s, err)
			}
			k, _ := generate(t, key.Spec{})
			if err := key.Add(path, k); err == nil {
				t.Error("a damaged file was written over")
			}
		})
	}
}

func TestFileThatOthersMayWrite(t *testing.T) {
	path, _, _ := stored(t, key.Spec{})
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Load(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v", err)
	}
}

// TestConcurrentChanges: writers undo nothing of each other, and a reader sees
// whole files whose keys only become more.
func TestConcurrentChanges(t *testing.T) {
	const writers, each = 8, 10
	path := filepath.Join(t.TempDir(), "keys.json")
	var wg, reader sync.WaitGroup
	done := make(chan struct{})
	reader.Go(func() {
		for last := 0; ; {
			select {
			case <-done:
				return
			default:
			}
			s, err := key.Load(path)
			if err != nil || s.Len() < last {
				t.Errorf("%d keys after %d, %v", s.Len(), last, err)
				return
			}
			last = s.Len()
		}
	})
	for range writers {
		wg.Go(func() {
			for i := range each {
				k, _, err := key.Generate(rand.Reader, key.Spec{}, start)
				if err == nil {
					err = key.Add(path, k)
				}
				if err == nil && i%2 == 0 {
					_, err = key.Revoke(path, k.ID, start)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(done)
	reader.Wait()
	list, err := key.List(path)
	if err != nil || len(list) != writers*each {
		t.Fatalf("%d keys, %v", len(list), err)
	}
	revoked := 0
	for i := range list {
		if !list[i].Revoked.IsZero() {
			revoked++
		}
	}
	if revoked != writers*each/2 {
		t.Errorf("%d are revoked", revoked)
	}
}

func FuzzLoad(f *testing.F) {
	path, _, _ := stored(f, key.Spec{Name: "n", Team: "t", Models: []string{"m"}, Expires: time.Hour})
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"keys":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := key.List(path)
		s, errSet := key.Load(path)
		if (err == nil) != (errSet == nil) || err == nil && s.Len() != len(list) {
			t.Fatalf("%d keys and %d, %v and %v", len(list), s.Len(), err, errSet)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	path, _, text := stored(b, key.Spec{Team: "t"})
	s := load(b, path)
	b.ReportAllocs()
	for b.Loop() {
		if _, f := s.Check(text, start); f != nil {
			b.Fatal(f)
		}
	}
}

// TestDeclared finds a key by its hash alone, and lets a key file revoke it.
func TestDeclared(t *testing.T) {
	made, text, err := key.Generate(rand.Reader, key.Spec{}, start)
	if err != nil {
		t.Fatal(err)
	}
	declared := key.Declared(made.Hash, key.Spec{Name: "ci", Team: "search"}, start.Add(time.Hour))
	if len(declared.ID) != len(made.ID) || declared.ID != key.Declared(made.Hash, key.Spec{}, time.Time{}).ID {
		t.Errorf("the ID is %s", declared.ID)
	}
	var none *key.Set
	all := none.With([]key.Key{declared})
	if k, f := all.Check([]byte(text.Reveal()), start); f != nil || k.Team != "search" {
		t.Errorf("%+v %v", k, f)
	}
	if _, f := all.Check([]byte(text.Reveal()), start.Add(time.Hour)); f == nil {
		t.Error("it did not expire")
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := errors.Join(key.Add(path, made), revoke(path, made.ID)); err != nil {
		t.Fatal(err)
	}
	set, err := key.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, f := set.With([]key.Key{declared}).Check([]byte(text.Reveal()), start); f == nil {
		t.Error("revoked, and good all the same")
	}
}

func revoke(path, id string) error {
	_, err := key.Revoke(path, id, start)
	return err
}
