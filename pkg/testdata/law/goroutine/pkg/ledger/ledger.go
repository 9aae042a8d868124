// Package ledger is part of a tree that breaks a rule.
package ledger

func start() {
	for range 2 {
		go func() {}()
	}
}
