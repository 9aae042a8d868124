// Package policy is part of a tree that breaks a rule.
package policy

import _ "go.yaml.in/yaml/v3"
