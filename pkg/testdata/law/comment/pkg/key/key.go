// Package key is part of a tree that breaks a rule.
package key
