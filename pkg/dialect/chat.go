package dialect

import "github.com/signalbox-dev/signalbox/pkg/genai"

// Asking is the neutral form of a request, for translation: one of its parts is
// set, by the operation. It refers to the caller's bytes and is valid as long as
// those are.
type Asking struct {
	Operation genai.Operation
	Chat      *Chat      // genai.Chat
	Embed     *Embedding // genai.Embeddings
	// Unsaid names, by path, the fields of the request that the neutral form
	// cannot say. Fields that make no difference to the answer are not named.
	Unsaid []string
}

// Embedding is a request for vectors.
type Embedding struct {
	Inputs     []Text
	Dimensions int64 // 0: the model's own
	Base64     bool  // the caller wants vectors as base64 of little-endian float32
	User       Text
}

// Chat is a conversation and how it is to be continued: what all dialects can
// say, more or less. Optional numbers are JSON text and nil when absent, so
// that no digit changes.
type Chat struct {
	Stream     bool
	WantsUsage bool // in the stream

	Turns      []Turn // system and developer turns where they stood
	Tools      []Tool
	ToolChoice ToolChoice
	Parallel   Switch // may several tools be called at once

	Format    Format
	Reasoning Reasoning

	Temperature, TopP, TopK, MinP     []byte
	FrequencyPenalty, PresencePenalty []byte
	Seed                              []byte
	Stop                              []Text
	MaxOutput                         int64 // tokens, reasoning included; 0: no limit asked for
	Choices                           int   // at least 1
	Logprobs                          bool
	TopLogprobs                       int
	User                              Text // the caller's name for its own user
	Tier                              Text // service tier asked for
	Store                             Switch
}

// Switch is a setting that may be left to the provider.
type Switch uint8

const (
	Unset Switch = iota
	On
	Off
)

// Role is who speaks.
type Role uint8

const (
	System Role = iota
	Developer
	User
	Assistant
	ToolRole // results of tools; dialects without that role say it as the user
)

// Turn is one message. Turns of one role may follow each other; a dialect that
// wants them to alternate joins them.
type Turn struct {
	Role  Role
	Name  Text // of the speaker, where the dialect has it
	Parts []Part
}

// PartKind says which fields of a Part count.
type PartKind uint8

const (
	PartText       PartKind = iota // Text
	PartImage                      // Media
	PartDocument                   // Media; Text holds a plain text document
	PartAudio                      // Media
	PartToolCall                   // ID, Name, Arguments
	PartToolResult                 // ID, Name, Parts, Failed
	PartReasoning                  // Text, Signature; Opaque when the provider keeps it secret
	PartRefusal                    // Text
)

// Part is a piece of a message.
type Part struct {
	Kind PartKind
	Text Text

	Media Media

	ID, Name  Text   // of a call, and of the call that a result belongs to
	Arguments []byte // of a call: a JSON object
	Parts     []Part // of a result
	Failed    bool   // the result is an error

	Signature Text // proof by the provider of its own reasoning or call
	Opaque    Text // reasoning that only the provider can read

	Cache Text // "5m" or "1h": keep the prompt up to here; empty: no mark
}

// Media is a picture, a document or a recording: by value or by address.
type Media struct {
	Type Text // media type; may be empty with URL
	Data Text // base64
	URL  Text
	ID   Text // of a file that was uploaded before
	Name Text
	// Detail is how closely a picture is looked at: low, high, auto or empty.
	Detail Text
}

// Tool is a function that the model may call.
type Tool struct {
	Name, Description Text
	Parameters        []byte // JSON Schema; nil: none
	Strict            Switch
	Cache             Text
}

// ToolChoice says whether tools are called.
type ToolChoice struct {
	Mode ToolMode
	Name Text // of the one to call, with ToolNamed
}

// ToolMode is how free the model is in calling tools.
type ToolMode uint8

const (
	ToolDefault ToolMode = iota
	ToolAuto
	ToolNone
	ToolRequired
	ToolNamed
)

// Format is the form of the answer.
type Format struct {
	Kind        FormatKind
	Name        Text
	Description Text
	Schema      []byte // JSON Schema, with FormatSchema
	Strict      Switch
}

// FormatKind is free text, any JSON or JSON of a schema.
type FormatKind uint8

const (
	FormatText FormatKind = iota
	FormatJSON
	FormatSchema
)

// Reasoning is how much a model thinks first.
type Reasoning struct {
	Effort Effort
	Budget int64  // tokens; 0: by effort
	Show   Switch // is the reasoning's text wanted
}

// Effort is a level of reasoning, as words that most providers know.
type Effort uint8

const (
	EffortDefault Effort = iota
	EffortNone
	EffortMinimal
	EffortLow
	EffortMedium
	EffortHigh
	EffortXHigh
	EffortMax
)
