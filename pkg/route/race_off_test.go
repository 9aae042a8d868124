//go:build !race

package route_test

const raced = 0
