package dialect

import "strings"

// Clip cuts s to at most n bytes, at a character's border, and says so.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
