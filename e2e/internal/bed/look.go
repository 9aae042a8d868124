package bed

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// get fetches a URL; status 0 is a connection that failed.
func get(ctx context.Context, url string) (int, []byte) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, b
}

// Metrics reads the Prometheus endpoint: sample name with its labels, as
// printed, to value.
func (b *Bed) Metrics(ctx context.Context) map[string]float64 {
	_, text := get(ctx, b.Admin+"/metrics")
	out := map[string]float64{}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		name, value, ok := cutLast(lines.Text())
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = v
		}
	}
	return out
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// Metric sums all samples of a metric whose labels contain all the given
// texts, as in `code="invalid_json"`.
func (b *Bed) Metric(ctx context.Context, name string, labels ...string) float64 {
	var sum float64
	for sample, v := range b.Metrics(ctx) {
		if base, _, _ := strings.Cut(sample, "{"); base != name {
			continue
		}
		all := true
		for _, l := range labels {
			all = all && strings.Contains(sample, l)
		}
		if all {
			sum += v
		}
	}
	return sum
}

// Usage is the report of `signalbox usage --json`, decoded.
func (b *Bed) Usage(ctx context.Context) ([]map[string]any, error) {
	out, err := b.Command(ctx, "usage", "--json")
	if err != nil {
		return nil, err
	}
	var rows []map[string]any
	d := json.NewDecoder(strings.NewReader(out))
	for d.More() {
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		rows = append(rows, objects(v)...)
	}
	return rows, nil
}

func objects(v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []any:
		var out []map[string]any
		for _, e := range v {
			out = append(out, objects(e)...)
		}
		return out
	}
	return nil
}
