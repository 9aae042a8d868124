package provider

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

type modelList struct {
	Object string  `json:"object"`
	Data   []model `json:"data"`
}

type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Owner   string `json:"owned_by"`
}

// born is when every simulated model was made.
func born() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func (p *Provider) names() []string {
	if len(p.o.Models) == 0 {
		return []string{"sim-model"}
	}
	return p.o.Models
}

// listed renders the list of models, or the one that the path names.
func listed[M any](p *Provider, id string, one func(name string) M, all func([]M) any) (any, bool) {
	if id != "" {
		return one(id), slices.Contains(p.names(), id)
	}
	var list []M
	for _, n := range p.names() {
		list = append(list, one(n))
	}
	return all(list), true
}

// modelReply sends what listed found.
func (p *Provider) modelReply(op *operation, x *Exchange, id string, v any, found bool) reply {
	if !found {
		return p.report(op, x, *noModel(op.dialect, id))
	}
	return reply{status: http.StatusOK, typ: "application/json", headers: p.headers(op, x), body: encode(v, "  ")}
}

// named is the model that the path of a list names.
func named(r *http.Request, before string) string {
	_, id, _ := strings.Cut(r.URL.Path, before+"/models/")
	return id
}

func (p *Provider) openAIModels(r *http.Request, x *Exchange, _ *ask) reply {
	id := named(r, p.o.BasePath)
	v, found := listed(p, id,
		func(n string) model { return model{n, "model", born().Unix(), p.o.Name} },
		func(all []model) any { return modelList{"list", all} })
	return p.modelReply(unknown(OpenAI), x, id, v, found)
}

type anthropicModel struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Name    string `json:"display_name"`
	Created string `json:"created_at"`
}

type anthropicModelList struct {
	Data  []anthropicModel `json:"data"`
	More  bool             `json:"has_more"`
	First string           `json:"first_id"`
	Last  string           `json:"last_id"`
}

func (p *Provider) anthropicModels(r *http.Request, x *Exchange, _ *ask) reply {
	id := named(r, "/v1")
	v, found := listed(p, id,
		func(n string) anthropicModel { return anthropicModel{"model", n, n, born().Format(time.RFC3339)} },
		func(all []anthropicModel) any {
			return anthropicModelList{all, false, all[0].ID, all[len(all)-1].ID}
		})
	return p.modelReply(unknown(Anthropic), x, id, v, found)
}

type geminiModel struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Display string   `json:"displayName"`
	In      int64    `json:"inputTokenLimit"`
	Out     int64    `json:"outputTokenLimit"`
	Methods []string `json:"supportedGenerationMethods"`
}

type geminiModelList struct {
	Models []geminiModel `json:"models"`
}

func (p *Provider) geminiModels(r *http.Request, x *Exchange, _ *ask) reply {
	_, id, _ := strings.Cut(r.URL.Path, "/models/")
	v, found := listed(p, id,
		func(n string) geminiModel {
			return geminiModel{"models/" + n, "001", n, 1 << 20, 1 << 16, []string{"generateContent", "embedContent"}}
		},
		func(all []geminiModel) any { return geminiModelList{all} })
	return p.modelReply(unknown(Gemini), x, id, v, found)
}
