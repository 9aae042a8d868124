// Package genai is part of a tree that breaks a rule.
package genai

import (
	_ "log"
	_ "net/netip"
)
