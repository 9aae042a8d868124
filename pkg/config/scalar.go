package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

// durationName is the message that is written as "20s" rather than as fields.
const durationName protoreflect.FullName = "google.protobuf.Duration"

// parseScalar reads the text of a value of field f. Its error completes a
// sentence that begins with the field's name.
func parseScalar(f protoreflect.FieldDescriptor, text string) (protoreflect.Value, error) {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text), nil
	case protoreflect.BoolKind:
		return parseBool(text)
	case protoreflect.EnumKind:
		return parseEnum(f.Enum(), text)
	case protoreflect.MessageKind:
		return parseDuration(text)
	case protoreflect.DoubleKind:
		return parseDouble(text)
	case protoreflect.Uint32Kind:
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return protoreflect.Value{}, fmt.Errorf("must be a whole number from %s to %s", cmp.Or(settingOf(f).GetMin(), "0"), cmp.Or(settingOf(f).GetMax(), "4294967295"))
		}
		return protoreflect.ValueOfUint32(uint32(n)), nil
	case protoreflect.Uint64Kind:
		n, err := parseSize(text)
		return protoreflect.ValueOfUint64(n), err
	}
	return protoreflect.Value{}, fmt.Errorf("has a type that this program cannot read: %v", f.Kind()) // a test walks all fields
}

func parseBool(text string) (protoreflect.Value, error) {
	if text != "true" && text != "false" {
		return protoreflect.Value{}, errors.New("must be true or false")
	}
	return protoreflect.ValueOfBool(text == "true"), nil
}

func parseDouble(text string) (protoreflect.Value, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return protoreflect.Value{}, errors.New("must be a number, as 0.01")
	}
	return protoreflect.ValueOfFloat64(x), nil
}

func parseDuration(text string) (protoreflect.Value, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return protoreflect.Value{}, errors.New("must be a time with a unit, as 100ms, 20s, 5m or 1h")
	}
	return protoreflect.ValueOfMessage(durationpb.New(d).ProtoReflect()), nil
}

// parseSize reads a number of bytes with its unit, as 20MiB.
func parseSize(text string) (uint64, error) {
	digits := strings.TrimRight(text, "BKMGTikb ")
	unit := strings.TrimSpace(text[len(digits):])
	factor := map[string]uint64{
		"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
		"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	}[unit]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || factor == 0 || n > math.MaxInt64/factor {
		return 0, errors.New("must be a size with a unit, as 512KiB, 20MiB or 1GiB")
	}
	return n * factor, nil
}

func parseEnum(e protoreflect.EnumDescriptor, text string) (protoreflect.Value, error) {
	for i := range e.Values().Len() {
		if v := e.Values().Get(i); v.Number() != 0 && enumWord(v) == text {
			return protoreflect.ValueOfEnum(v.Number()), nil
		}
	}
	return protoreflect.Value{}, wordError(text, enumWords(e))
}

// enumWord is how an enum value is written in the file: its name without the
// type's, in lower case.
func enumWord(v protoreflect.EnumValueDescriptor) string {
	word := strings.ToLower(string(v.Name()))
	return strings.TrimPrefix(word, strings.ToLower(string(v.Parent().Name()))+"_")
}

// enumWords are all words of an enum but that of its zero, which says that the
// field is absent.
func enumWords(e protoreflect.EnumDescriptor) []string {
	var words []string
	for i := range e.Values().Len() {
		if v := e.Values().Get(i); v.Number() != 0 {
			words = append(words, enumWord(v))
		}
	}
	return words
}

func wordError(text string, words []string) error {
	if near := Near(text, words); len(near) > 0 {
		return fmt.Errorf("must be %s, not %s; did you mean %q?", either(words), quote(text), near[0])
	}
	return fmt.Errorf("must be %s, not %s", either(words), quote(text))
}

// either lists words as a sentence does: a, b or c.
func either(words []string) string {
	switch n := len(words); n {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}

// quote is text in quotes, shortened when it is long.
func quote(text string) string {
	const limit = 64
	if r := []rune(text); len(r) > limit {
		return strconv.Quote(string(r[:limit])) + "..."
	}
	return strconv.Quote(text)
}
