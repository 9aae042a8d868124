package openai

// name is a member's name that a scan knows.
type name uint8

const (
	other name = iota
	nameModel
	nameTier
	nameUsage
	nameVendor
	nameChoices
	nameError
	nameObject
	nameDelta
	nameMessage
	nameFinish
	nameText     // text in a choice and below
	nameContent  // text below "delta" and "message" only
	nameRepeated // says again what another member says
)

// nameOf finds a name by its JSON text. A name that is written with escapes is
// not found; no provider writes one.
func nameOf(text []byte) name {
	switch string(text) {
	case "model":
		return nameModel
	case "service_tier":
		return nameTier
	case "usage":
		return nameUsage
	case "x_groq":
		return nameVendor
	case "choices":
		return nameChoices
	case "error":
		return nameError
	case "object":
		return nameObject
	case "delta":
		return nameDelta
	case "message":
		return nameMessage
	case "finish_reason":
		return nameFinish
	case "text":
		return nameText
	case "content", "reasoning", "reasoning_content", "thinking", "refusal", "arguments", "transcript":
		return nameContent
	case "reasoning_details":
		return nameRepeated
	}
	return other
}
