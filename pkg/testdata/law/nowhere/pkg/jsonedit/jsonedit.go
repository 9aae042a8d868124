// Package jsonedit is part of a tree that breaks a rule.
package jsonedit

import _ "github.com/tidwall/gjson"
