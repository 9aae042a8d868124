// Package settle is part of a tree that breaks a rule.
package settle

import _ "github.com/signalbox-dev/signalbox/pkg/ledger"
