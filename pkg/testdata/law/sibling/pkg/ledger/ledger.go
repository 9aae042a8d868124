// Package ledger is part of a tree that breaks a rule.
package ledger

import _ "github.com/signalbox-dev/signalbox/pkg/settle"
