package signalboxv1_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	opens    = regexp.MustCompile(`^(?:message|enum) (\w+) \{$`)
	declares = regexp.MustCompile(`^(?:(?:repeated |optional )?[\w.]+ )?(\w+) = \d+\b`)
)

// comments reads what stands before each message, enum and field of a proto
// file and behind each value of an enum, by full name. The generated code does
// not carry it. It understands the layout of our own files alone.
func comments(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	scope := []string{"signalbox", "v1"}
	var before []string
	unfinished := false // the options of a field go on
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		code, behind, _ := strings.Cut(line, "//")
		code = strings.TrimSpace(code)
		if unfinished {
			unfinished = !strings.HasSuffix(code, ";")
			continue
		}
		if m := opens.FindStringSubmatch(code); m != nil {
			scope = append(scope, m[1])
			found[strings.Join(scope, ".")] = strings.Join(before, " ")
		} else if m := declares.FindStringSubmatch(code); m != nil && len(scope) > 2 {
			text := append(before, strings.TrimSpace(behind))
			found[strings.Join(scope, ".")+"."+m[1]] = strings.TrimSpace(strings.Join(text, " "))
			unfinished = !strings.HasSuffix(code, ";")
		} else if code == "}" {
			scope = scope[:len(scope)-1]
		}
		if code == "" && behind != "" {
			before = append(before, strings.TrimSpace(behind))
		} else {
			before = nil
		}
	}
	return found
}
