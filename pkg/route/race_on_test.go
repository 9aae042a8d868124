//go:build race

package route_test

// raced: the race detector keeps some functions from being inlined, and their
// values from the stack.
const raced = 1
