// Package list is the stage that answers the list of models: the names that
// the caller's key may use, in the caller's dialect, from the configuration
// alone.
package list

import (
	"net/http"
	"slices"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route"
)

// Stage answers GET /v1/models and GET /v1/models/{id}.
type Stage struct{}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "list" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{Reads: pipeline.SectionCaller | pipeline.SectionEndpoint}
}

// RequestHead implements pipeline.OnRequestHead.
func (Stage) RequestHead(x *pipeline.Exchange) *fault.Error {
	switch {
	case x.Endpoint.Operation == genai.Models && x.Endpoint.Model == "":
		respond(x, x.Dialect.Models(usable(x), created))
	case x.Endpoint.Operation == genai.Models:
		if m, version := x.Snapshot.Find(x.Endpoint.Model); !may(x, m) || version != "" && !route.Has(m, version) {
			return fault.New(fault.ModelNotFound, "No such model, or this key may not use it. GET /v1/models lists those that it may.").With("model")
		}
		respond(x, x.Dialect.Model(x.Endpoint.Model, created))
	}
	return nil
}

// created is the time that every model claims to be from: aliases have none of
// their own, and one that moved with each reload would look like news.
const created = 1735689600 // 2025-01-01

func respond(x *pipeline.Exchange, body []byte) {
	x.Respond(pipeline.Local{Status: http.StatusOK, Fields: []pipeline.Field{{Name: "content-type", Value: "application/json"}}, Body: body})
}

// usable are the names and aliases that the caller may ask for, sorted.
func usable(x *pipeline.Exchange) (names []string) {
	for _, name := range x.Snapshot.Names() {
		if m := x.Snapshot.Models[name]; may(x, m) {
			names = append(append(names, name), m.Aliases...)
		}
	}
	slices.Sort(names)
	return names
}

// may reports whether the caller may ask for m; m may be nil.
func may(x *pipeline.Exchange, m *policy.Model) bool {
	return m != nil && policy.Allows(x.Caller.Key.Models, m.Name) && x.Snapshot.Teams[x.Caller.Team].May(m.Name)
}
