package when_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/signal/when"
)

// TestFactsAreDocumented compares docs/rules.md with the variables.
func TestFactsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, f := range when.Facts() {
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", f.Name, f.Type(), f.Text)
	}
	if !strings.Contains(string(doc), want.String()) {
		t.Errorf("the table should be\n%s", want.String())
	}
}
