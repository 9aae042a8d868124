// Package xds is part of a tree that breaks a rule.
package xds

func fits(a, b, c, d, e int, f ...int) {}

type t struct{}

func (t) tooMany(a, b, c int, d, e, f, g string) {}
