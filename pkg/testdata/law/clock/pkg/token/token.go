// Package token is part of a tree that breaks a rule.
package token

import . "time"

var now = Now()
