//go:build !race

package e2e

func buildFlags() []string { return nil }

// raced says that the tests run with the race detector.
const raced = false
