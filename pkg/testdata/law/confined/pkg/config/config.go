// Package config is part of a tree that breaks a rule.
package config

import _ "go.yaml.in/yaml/v3"
