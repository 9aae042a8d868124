package anthropic

import (
	"time"

	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// models renders the list of models as GET /v1/models answers it, on one page.
func models(ids []string, created int64) []byte {
	b := []byte(`{"data":[`)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendModel(b, id, created)
	}
	b = append(b, `],"has_more":false,"first_id":`...)
	if len(ids) == 0 {
		return append(b, `null,"last_id":null}`...)
	}
	b = jsonedit.AppendString(b, ids[0])
	b = jsonedit.AppendString(append(b, `,"last_id":`...), ids[len(ids)-1])
	return append(b, '}')
}

// model renders one model as GET /v1/models/{model} answers it.
func model(id string, created int64) []byte { return appendModel(nil, id, created) }

func appendModel(b []byte, id string, created int64) []byte {
	b = jsonedit.AppendString(append(b, `{"type":"model","id":`...), id)
	b = jsonedit.AppendString(append(b, `,"display_name":`...), id)
	b = time.Unix(created, 0).UTC().AppendFormat(append(b, `,"created_at":"`...), time.RFC3339)
	return append(b, `"}`...)
}
