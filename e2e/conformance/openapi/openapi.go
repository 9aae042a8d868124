// Package openapi holds documents against the schemas that OpenAI publishes.
// As published they reject OpenAI's own traffic, so the few relaxations that
// recorded answers of OpenAI need are applied first, and no others.
//
// The description is not part of the repository: it is a file beside the
// recorded traffic, openapi/openai.json.gz.
package openapi

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Kind is a schema that answers are held against.
type Kind string

// The kinds of documents.
const (
	Completion Kind = "CreateChatCompletionResponse"
	Chunk      Kind = "CreateChatCompletionStreamResponse"
	Embeddings Kind = "CreateEmbeddingResponse"
	Error      Kind = "ErrorResponse"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Completion, Chunk, Embeddings, Error} }

// Schemas are compiled schemas. They are safe for concurrent use.
type Schemas struct{ compiled map[Kind]*jsonschema.Schema }

// Load reads the description below dir.
func Load(dir string) (*Schemas, error) {
	f, err := os.Open(filepath.Join(dir, "openapi", "openai.json.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	d, err := jsonschema.UnmarshalJSON(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return compile(d)
}

const resource = "openai.json"

func compile(description any) (*Schemas, error) {
	if err := relax(description); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(resource, description); err != nil {
		return nil, err
	}
	s := &Schemas{map[Kind]*jsonschema.Schema{}}
	for _, k := range Kinds() {
		one, err := c.Compile(resource + "#/components/schemas/" + string(k))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", k, err)
		}
		s.compiled[k] = one
	}
	return s, nil
}

// Check says where a document differs from its schema, without its content.
func (s *Schemas) Check(k Kind, doc []byte) error {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
	if err != nil {
		return errors.New("no JSON")
	}
	err = s.compiled[k].Validate(v)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	return fmt.Errorf("%s: %s", k, strings.Join(places(invalid, nil), "; "))
}

// places lists what does not hold, as the place in the document and the rule's
// keyword.
func places(e *jsonschema.ValidationError, found []string) []string {
	if len(e.Causes) == 0 {
		rule := strings.Join(e.ErrorKind.KeywordPath(), "/")
		return append(found, fmt.Sprintf("/%s breaks %s", strings.Join(e.InstanceLocation, "/"), rule))
	}
	for _, c := range e.Causes {
		found = places(c, found)
	}
	return found
}
