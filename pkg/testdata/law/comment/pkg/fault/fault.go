// Package fault is part of a tree that breaks a rule.
package fault
