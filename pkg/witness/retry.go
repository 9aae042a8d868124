package witness

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter is where the value of a retry-after says nothing any more.
const maxRetryAfter = 24 * time.Hour

// asked is how long a retry-after asks to wait, from the end of the answer
// on: a number of seconds or a date (RFC 9110, 10.2.3). It is 0 for what cannot
// be read and for what is over.
func asked(text string, end time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(n, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(end), 0), maxRetryAfter)
}
