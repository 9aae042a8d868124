package gateway

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/key"
)

// newKey adds a key to g and returns its text.
func newKey(tb testing.TB, g *Gateway) string {
	tb.Helper()
	k, text, err := key.Generate(rand.Reader, key.Spec{Name: "test"}, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	if err := key.Add(KeyFile(g.dir), k); err != nil {
		tb.Fatal(err)
	}
	g.reloadKeys()
	return text.Reveal()
}
