// Package pipeline is part of a tree that breaks a rule.
package pipeline

type fits interface {
	A()
	B()
	C()
}

type tooMany interface {
	fits
	D()
	E()
	F()
}
