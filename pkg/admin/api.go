package admin

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/view"
)

// endpoint is one of the API. Its parameters are all that may be in the query.
type endpoint struct {
	Method, Path string
	Parameters   []string
	answer       func(v *view.View, r *http.Request) (any, error)
}

// errAbsent says that there is no such thing.
var errAbsent = errors.New("not here")

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/admin/v1/status", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Status(time.Now()), nil }},
		{http.MethodGet, "/admin/v1/attention", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Attention(time.Now()), nil }},
		{http.MethodGet, "/admin/v1/overview", []string{"range", "team", "model", "by"}, overview},
		{http.MethodGet, "/admin/v1/health", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Health(time.Now()), nil }},
	}
}

func overview(v *view.View, r *http.Request) (any, error) {
	q := r.URL.Query()
	return v.Overview(view.OverviewQuery{Range: q.Get("range"), Team: q.Get("team"), Model: q.Get("model"), By: q.Get("by")}, time.Now())
}

// answer serves an endpoint.
func (o Options) answer(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for name := range r.URL.Query() {
			if !slices.Contains(e.Parameters, name) {
				refuse(w, http.StatusBadRequest, "There is no parameter "+name+" here.")
				return
			}
		}
		v, err := e.answer(o.View, r)
		if bad, ok := errors.AsType[*view.BadQuery](err); ok {
			refuse(w, http.StatusBadRequest, bad.Error())
			return
		}
		if err != nil {
			refuse(w, http.StatusNotFound, err.Error())
			return
		}
		write(w, http.StatusOK, v)
	}
}
