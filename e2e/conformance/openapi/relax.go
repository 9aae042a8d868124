package openapi

import "fmt"

// relax applies, in place, the nine relaxations without which the published
// description rejects what OpenAI itself was recorded to answer.
func relax(description any) error {
	d, ok := description.(map[string]any)
	if !ok {
		return fmt.Errorf("the description is %T", description)
	}
	nullable(d) // 1: the keyword of an older version, left over in many places
	for _, p := range nullables() {
		walk(d, func(s map[string]any) { maybeNull(s, p) }) // 2 to 5
	}
	for _, p := range optionals() {
		walk(d, func(s map[string]any) { optional(s, p) }) // 6 to 8
	}
	return base64(d) // 9
}

// nullables are properties that OpenAI sends as null.
func nullables() []string {
	return []string{"system_fingerprint", "user", "service_tier", "safety_identifier"}
}

// optionals are properties that OpenAI leaves out although they are required.
func optionals() []string { return []string{"logprobs", "refusal", "cache_write_tokens"} }

// walk calls f for every object of a document, the inner ones first.
func walk(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			walk(inner, f)
		}
		f(v)
	case []any:
		for _, inner := range v {
			walk(inner, f)
		}
	}
}

func orNull(schema any) map[string]any {
	return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
}

// nullable has "nullable": true say what it said in its time.
func nullable(d map[string]any) {
	walk(d, func(s map[string]any) {
		if s["nullable"] != true {
			return
		}
		inner := map[string]any{}
		for k, v := range s {
			if k != "nullable" {
				inner[k] = v
			}
			delete(s, k)
		}
		s["anyOf"] = orNull(inner)["anyOf"]
	})
}

func maybeNull(s map[string]any, name string) {
	if p, ok := s["properties"].(map[string]any); ok && p[name] != nil {
		p[name] = orNull(p[name])
	}
}

func optional(s map[string]any, name string) {
	required, ok := s["required"].([]any)
	if !ok {
		return
	}
	var rest []any
	for _, r := range required {
		if r != name {
			rest = append(rest, r)
		}
	}
	if len(rest) == 0 {
		delete(s, "required")
		return
	}
	s["required"] = rest
}

// base64 lets a vector also be a string.
func base64(d map[string]any) error {
	var at any = d
	for _, name := range []string{"components", "schemas", "Embedding", "properties"} {
		m, ok := at.(map[string]any)
		if !ok {
			return fmt.Errorf("the description has no vectors")
		}
		at = m[name]
	}
	p, ok := at.(map[string]any)
	if !ok || p["embedding"] == nil {
		return fmt.Errorf("the description has no vectors")
	}
	p["embedding"] = map[string]any{"anyOf": []any{p["embedding"], map[string]any{"type": "string"}}}
	return nil
}
