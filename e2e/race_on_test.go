//go:build race

package e2e

// buildFlags let a race-checked test run a race-checked gateway.
func buildFlags() []string { return []string{"-race"} }

// raced says that the tests run with the race detector.
const raced = true
