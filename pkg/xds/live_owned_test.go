package xds

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestAttemptFilterOwnsTheAnswer: whole or in pieces, asked for at either head,
// and as large as an answer may be.
func TestAttemptFilterOwnsTheAnswer(t *testing.T) {
	size := 0
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("content-type", "application/json")
		io.WriteString(w, strings.Repeat("x", size))
	})
	l := newLab(t, map[string]string{"a": p, "dead": "127.0.0.1:1"}, nil)
	for _, n := range []int{0, 1, 3 << 20, 20 << 20, 60 << 20} {
		size = n
		for _, own := range []string{"buffered", "duplex", "late-buffered", "late-duplex"} {
			resp, body := l.post(`{"model":"x"}`, "x-lab-order", "dead,a~", "x-lab-own", own)
			if resp.StatusCode != 200 || body != strings.Repeat("X", n) {
				t.Errorf("%s: %d bytes left as %d %d bytes %.80q", own, n, resp.StatusCode, len(body), body)
			}
			whole := 0
			for _, note := range l.notes() {
				if note == fmt.Sprintf("owned %d true", n) {
					whole++
				}
			}
			if strings.HasSuffix(own, "buffered") && n > 0 && whole != 1 {
				t.Errorf("%s: %d bytes came whole %d times", own, n, whole)
			}
		}
	}
	size = 80 << 20
	resp, body := l.post(`{"model":"x"}`, "x-lab-order", "a~", "x-lab-own", "buffered")
	checkError(t, "more than an answer may have", resp, body, 502, "provider_error")
}
