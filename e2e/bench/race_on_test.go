//go:build race

package main

// raced: the race detector is on, and times say nothing.
const raced = true
