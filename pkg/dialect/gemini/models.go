package gemini

import "github.com/signalbox-dev/signalbox/pkg/jsonedit"

// models renders the list of models as GET /v1beta/models answers it
// (ListModelsResponse). Google's has no time of creation.
func models(ids []string, _ int64) []byte {
	b := []byte(`{"models":[`)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendModel(b, id)
	}
	return append(b, `]}`...)
}

// model renders one model as GET /v1beta/models/{model} answers it.
func model(id string, _ int64) []byte { return appendModel(nil, id) }

// appendModel appends a Model. All methods that are served are named, since
// what a route's backends are made for is not known here.
func appendModel(b []byte, id string) []byte {
	b = jsonedit.AppendString(append(b, `{"name":`...), "models/"+id)
	b = jsonedit.AppendString(append(b, `,"displayName":`...), id)
	return append(b, `,"supportedGenerationMethods":["`+generate+`","`+stream+`","`+embed+`","`+batchEmbed+`"]}`...)
}
