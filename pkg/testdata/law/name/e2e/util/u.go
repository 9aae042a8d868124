// Package u is part of a tree that breaks a rule.
package u
