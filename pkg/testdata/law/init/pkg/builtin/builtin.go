// Package builtin is part of a tree that breaks a rule.
package builtin

type table struct{}

func (table) init() {}

func init() {}
