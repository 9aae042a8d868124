// Package settle is part of a tree that breaks a rule.
package settle

import (
	"time"

	clock "time"
)

var now = time.Now

func late(t time.Time) bool { return clock.Since(t) > time.Minute || clock.Until(t) < 0 }

func Now() time.Time { return time.Unix(0, 0) }

var fine = Now()
