// Package dialect is part of a tree that breaks a rule.
package dialect

func start() {
	for range 2 {
		go func() {}()
	}
}
