package provider

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
)

// usual is the length of a vector when the request names none.
const usual = 256

// vector is a unit vector that depends on the text alone, whatever the API.
func vector(text string, n int) []float32 {
	sum := sha256.Sum256([]byte(text))
	r := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])))
	v := make([]float64, n)
	var square float64
	for i := range v {
		v[i] = r.NormFloat64()
		square += v[i] * v[i]
	}
	out := make([]float32, n)
	for i := range v {
		out[i] = float32(v[i] / math.Sqrt(square))
	}
	return out
}

// little is a vector as base64 of little-endian float32.
func little(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}

type embeddingRequest struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Format     string          `json:"encoding_format"`
	Dimensions int             `json:"dimensions"`
}

// readEmbedding reads texts; lists of tokens count as the text of their JSON.
func readEmbedding(_ *http.Request, body []byte) *ask {
	var r embeddingRequest
	err := json.Unmarshal(body, &r)
	a := &ask{model: r.Model, base64: r.Format == "base64", dimensions: r.Dimensions, texts: texts(r.Input)}
	var lists []json.RawMessage
	if a.texts == nil && json.Unmarshal(r.Input, &lists) == nil {
		for _, l := range lists {
			a.texts = append(a.texts, string(l))
		}
	}
	for _, t := range a.texts {
		a.count(t)
		a.hear(t)
	}
	a.checkOpenAI(err, len(r.Input) == 0)
	if a.wrong == nil && len(a.texts) == 0 {
		a.refuse(trouble{status: http.StatusBadRequest, text: "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."})
	}
	return a
}

type embeddingList struct {
	Object string      `json:"object"`
	Data   []embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  struct {
		Prompt int64 `json:"prompt_tokens"`
		Total  int64 `json:"total_tokens"`
	} `json:"usage"`
}

type embedding struct {
	Object string `json:"object"`
	Index  int    `json:"index"`
	Vector any    `json:"embedding"` // []float32, or string
}

func (a *ask) vectors() [][]float32 {
	n := a.dimensions
	if n <= 0 {
		n = usual
	}
	var all [][]float32
	for _, t := range a.texts {
		t, _ = split(t)
		all = append(all, vector(t, n))
	}
	return all
}

// embedded is the usage of an embedding, and puts it down as delivered.
func (a *ask) embedded(x *Exchange) int64 {
	n := int64(a.promptText/4 + len(a.texts))
	x.Delivered.Usage = &Usage{Prompt: n, Total: n}
	return n
}

func (p *Provider) openAIEmbeddings(_ *http.Request, x *Exchange, a *ask) reply {
	list := embeddingList{Object: "list", Model: a.model}
	for i, v := range a.vectors() {
		e := embedding{Object: "embedding", Index: i, Vector: v}
		if a.base64 {
			e.Vector = little(v)
		}
		list.Data = append(list.Data, e)
	}
	list.Usage.Prompt = a.embedded(x)
	list.Usage.Total = list.Usage.Prompt
	return reply{status: http.StatusOK, typ: "application/json", headers: p.openAIHeaders(x), body: encode(list, "  ")}
}

type geminiEmbedRequest struct {
	geminiEmbedOne
	Requests []geminiEmbedOne `json:"requests"`
}

type geminiEmbedOne struct {
	Content    geminiContent `json:"content"`
	Dimensions int           `json:"outputDimensionality"`
}

func readEmbed(r *http.Request, body []byte) *ask {
	var v geminiEmbedRequest
	err := json.Unmarshal(camel(body), &v)
	a := &ask{model: pathModel(r)}
	list := v.Requests
	if list == nil {
		list = []geminiEmbedOne{v.geminiEmbedOne}
	}
	for _, one := range list {
		text := one.Content.text()
		a.texts = append(a.texts, text)
		a.dimensions = max(a.dimensions, one.Dimensions)
		a.count(text)
		a.hear(text)
	}
	if err != nil {
		a.refuse(badGemini(err))
	}
	return a
}

type geminiValues struct {
	Values []float32 `json:"values"`
}

type geminiEmbeddings struct {
	One   *geminiValues    `json:"embedding,omitempty"`
	Many  []geminiValues   `json:"embeddings,omitempty"`
	Usage geminiEmbedUsage `json:"usageMetadata"`
}

type geminiEmbedUsage struct {
	Prompt  int64            `json:"promptTokenCount"`
	Details []geminiModality `json:"promptTokenDetails"`
}

func (p *Provider) geminiEmbeddings(r *http.Request, x *Exchange, a *ask) reply {
	var out geminiEmbeddings
	for _, v := range a.vectors() {
		out.Many = append(out.Many, geminiValues{v})
	}
	if pathMethod(r) == "embedContent" {
		out.One, out.Many = &out.Many[0], nil
	}
	out.Usage.Prompt = a.embedded(x)
	out.Usage.Details = []geminiModality{{"TEXT", out.Usage.Prompt}}
	return reply{status: http.StatusOK, typ: "application/json; charset=UTF-8", headers: p.headers(unknown(Gemini), x), body: encode(out, "  ")}
}
