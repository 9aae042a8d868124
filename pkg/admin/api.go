package admin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
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
var errAbsent = errors.New("No request of this name has ended here.")

func endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/admin/v1/status", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Status(time.Now()), nil }},
		{http.MethodGet, "/admin/v1/attention", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Attention(time.Now()), nil }},
		{http.MethodGet, "/admin/v1/overview", []string{"range", "team", "model", "by"}, overview},
		{http.MethodGet, "/admin/v1/decisions", []string{"q", "only", "team", "model", "limit", "before"}, decisions},
		{http.MethodGet, "/admin/v1/decisions/{id}", nil, decision},
		{http.MethodPost, "/admin/v1/decisions/{id}/replay", nil, replay},
		{http.MethodGet, "/admin/v1/teams", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Teams(time.Now()), nil }},
		{http.MethodGet, "/admin/v1/teams/{id}", nil, team},
		{http.MethodGet, "/admin/v1/config", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Config(time.Now()), nil }},
		{http.MethodGet, "/admin/v1/health", nil, func(v *view.View, _ *http.Request) (any, error) { return v.Health(time.Now()), nil }},
	}
}

func overview(v *view.View, r *http.Request) (any, error) {
	q := r.URL.Query()
	return v.Overview(view.OverviewQuery{Range: q.Get("range"), Team: q.Get("team"), Model: q.Get("model"), By: q.Get("by")}, time.Now())
}

func decisions(v *view.View, r *http.Request) (any, error) {
	q := r.URL.Query()
	limit := 0
	if text := q.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			limit = -1 // which is refused
		}
	}
	return v.Decisions(view.DecisionsQuery{Words: q.Get("q"), Only: q.Get("only"), Team: q.Get("team"), Model: q.Get("model"), Before: q.Get("before"), Limit: limit}, time.Now())
}

func decision(v *view.View, r *http.Request) (any, error) {
	if d := v.Decision(r.PathValue("id")); d != nil {
		return d, nil
	}
	return nil, errAbsent
}

func replay(v *view.View, r *http.Request) (any, error) {
	again, err := v.Replay(r.PathValue("id"))
	if again == nil && err == nil {
		return nil, errAbsent
	}
	return again, err
}

func team(v *view.View, r *http.Request) (any, error) {
	if t := v.Team(r.PathValue("id"), time.Now()); t != nil {
		return t, nil
	}
	return nil, errors.New("There is no team of this name in the configuration.")
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
		if u, ok := errors.AsType[view.Unreplayable](err); ok {
			refuse(w, http.StatusUnprocessableEntity, u.Error())
			return
		}
		if err != nil {
			refuse(w, http.StatusNotFound, err.Error())
			return
		}
		write(w, http.StatusOK, v)
	}
}
