// Package route is part of a tree that breaks a rule.
package route

import (
	_ "math/rand"
	_ "math/rand/v2"
)
