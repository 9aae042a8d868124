// Package common is part of a tree that breaks a rule.
package common
