// Package frame is part of a tree that breaks a rule.
package frame

import (
	_ "bytes"
	_ "log/slog"
	_ "net"
	_ "net/http/httptrace"
	_ "net/url"
	_ "os"
	_ "os/exec"
	_ "sync"
	_ "sync/atomic"
)
