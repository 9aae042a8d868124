package anthropic

import (
	"bytes"
	"flag"
	"iter"

	"github.com/signalbox-dev/signalbox/pkg/frame"
)

// eventData yields the data of each event of a stream.
func eventData(body []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var s frame.SSE
		var all [][]byte
		keep := func(e frame.Event) {
			if len(e.Data) > 0 {
				all = append(all, bytes.Clone(e.Data))
			}
		}
		s.Feed(body, keep)
		s.Close(keep)
		for _, data := range all {
			if !yield(data) {
				return
			}
		}
	}
}

var update = flag.Bool("update", false, "write the vectors anew")
