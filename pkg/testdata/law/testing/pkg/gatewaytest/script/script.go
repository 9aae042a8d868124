// Package script is part of a tree that breaks a rule.
package script

import _ "testing"
