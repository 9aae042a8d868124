// Package surprise is part of a tree that breaks a rule.
package surprise
