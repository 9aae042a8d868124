package xds

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/policy"
)

// Flags are the settings that Envoy takes on its command line alone. The log's
// flush interval bounds what a crash of Envoy can lose.
func Flags(s *policy.Snapshot) []string {
	f := []string{"--file-flush-interval-msec", strconv.FormatInt(max(1, s.Envoy.AccessLogFlush.Milliseconds()), 10)}
	if s.Envoy.Concurrency > 0 {
		f = append(f, "--concurrency", strconv.FormatInt(int64(s.Envoy.Concurrency), 10))
	}
	return f
}
