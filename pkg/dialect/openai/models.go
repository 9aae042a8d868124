package openai

import (
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// models renders the list of models as GET /v1/models answers it.
func models(ids []string, created int64) []byte {
	b := []byte(`{"object":"list","data":[`)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendModel(b, id, created)
	}
	return append(b, `]}`...)
}

// model renders one model as GET /v1/models/{model} answers it.
func model(id string, created int64) []byte { return appendModel(nil, id, created) }

func appendModel(b []byte, id string, created int64) []byte {
	b = jsonedit.AppendString(append(b, `{"id":`...), id)
	b = strconv.AppendInt(append(b, `,"object":"model","created":`...), created, 10)
	return append(b, `,"owned_by":"signalbox"}`...)
}
