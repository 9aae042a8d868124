// Package near is part of a tree that breaks a rule.
package near
