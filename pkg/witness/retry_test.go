package witness

import (
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	end := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, text string
		want       time.Duration
	}{
		{"seconds", "20", 20 * time.Second},
		{"none", "0", 0},
		{"date", "Sat, 31 Jan 2026 12:01:30 GMT", 90 * time.Second},
		{"old_date", "Saturday, 31-Jan-26 12:00:10 GMT", 10 * time.Second},
		{"past_date", "Sat, 31 Jan 2026 11:00:00 GMT", 0},
		{"far_date", "Sun, 31 Jan 2126 12:00:00 GMT", maxRetryAfter},
		{"huge", "18446744073709551615", maxRetryAfter},
		{"too_large", "99999999999999999999999", 0},
		{"negative", "-5", 0},
		{"fraction", "1.5", 0},
		{"words", "soon", 0},
		{"dash", "-", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := asked(c.text, end); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestOnlyAttemptsHaveARetryAfter(t *testing.T) {
	const line = `{"k":"UpstreamEnd","t":"1795519516.000000000","ms":500,"s":429,"c":"a","id":"i","ra":"Tue, 24 Nov 2026 11:25:36 GMT"}`
	e, err := NewParser(lookup).Parse([]byte(line))
	if err != nil || e.RetryAfter != 19500*time.Millisecond {
		t.Errorf("%v, %v", e.RetryAfter, err)
	}
	e, err = NewParser(lookup).Parse([]byte(`{"k":"DownstreamEnd","t":"1795519516.000000000","s":429,"c":"a","id":"i","ra":"5"}`))
	if err != nil || e.RetryAfter != 0 {
		t.Errorf("%v of a request, %v", e.RetryAfter, err)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("20")
	f.Add("Sat, 31 Jan 2026 12:01:30 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if d := asked(text, time.Unix(1_790_000_000, 0)); d < 0 || d > maxRetryAfter {
			t.Errorf("%v", d)
		}
	})
}
