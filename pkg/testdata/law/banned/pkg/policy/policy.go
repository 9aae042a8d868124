// Package policy is part of a tree that breaks a rule.
package policy

import (
	_ "google.golang.org/grpc/status"
	_ "os"
	_ "sync"
)
