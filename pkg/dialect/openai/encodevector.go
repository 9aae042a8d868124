package openai

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
)

// vectors is the Encoder of embeddings.
type vectors struct {
	asked dialect.Asked
	model dialect.Text
	list  []vector
	usage genai.Usage
}

// vector is one of them, as it goes out.
type vector struct {
	index int
	raw   []byte
}

// Event implements dialect.Encoder.
func (v *vectors) Event(dst []byte, e *dialect.Event) []byte {
	switch e.Kind {
	case dialect.EventStart:
		v.model = append(v.model[:0], e.Name...)
	case dialect.EventVector:
		v.list = append(v.list, vector{e.Choice, v.form(e.Raw)})
	case dialect.EventUsage:
		v.usage = e.Usage
	default:
	}
	return dst
}

// form is a vector in the form that was asked for. What cannot be read passes
// as it is.
func (v *vectors) form(raw []byte) []byte {
	var out []byte
	var ok bool
	switch isText := len(raw) > 0 && raw[0] == '"'; {
	case v.asked.Base64 && !isText:
		out, ok = packed(raw)
	case !v.asked.Base64 && isText:
		out, ok = unpacked(raw)
	}
	if !ok {
		return slices.Clone(raw)
	}
	return out
}

// packed turns an array of numbers into base64 of little-endian float32.
func packed(raw []byte) ([]byte, bool) {
	v, ok := jsonedit.Find(raw)
	if !ok || v.Kind != jsonedit.Array {
		return nil, false
	}
	floats := make([]byte, 0, len(raw)/3)
	for n := range v.Items(raw) {
		f, err := strconv.ParseFloat(string(n.Raw(raw)), 32)
		if err != nil {
			return nil, false
		}
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(f)))
	}
	out := base64.StdEncoding.AppendEncode([]byte{'"'}, floats)
	return append(out, '"'), true
}

// unpacked is the reverse.
func unpacked(raw []byte) ([]byte, bool) {
	v, ok := jsonedit.Find(raw)
	text, isText := v.Text(raw)
	floats, err := base64.StdEncoding.DecodeString(text)
	if !ok || !isText || err != nil || len(floats)%4 != 0 {
		return nil, false
	}
	out := []byte{'['}
	for i := 0; i < len(floats); i += 4 {
		if i > 0 {
			out = append(out, ',')
		}
		f := math.Float32frombits(binary.LittleEndian.Uint32(floats[i:]))
		if f64 := float64(f); math.IsNaN(f64) || math.IsInf(f64, 0) {
			return nil, false // JSON has no such number
		}
		out = strconv.AppendFloat(out, float64(f), 'g', -1, 32)
	}
	return append(out, ']'), true
}

// Close implements dialect.Encoder.
func (v *vectors) Close(dst []byte) []byte {
	slices.SortStableFunc(v.list, func(a, b vector) int { return cmp.Compare(a.index, b.index) })
	dst = append(dst, `{"object":"list","data":[`...)
	for i, one := range v.list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"object":"embedding","index":`...), int64(one.index), 10)
		dst = append(append(append(dst, `,"embedding":`...), one.raw...), '}')
	}
	dst = append(dst, `],"model":`...)
	if len(v.model) > 0 {
		dst = v.model.Append(dst)
	} else {
		dst = jsonedit.AppendString(dst, v.asked.Model)
	}
	dst = strconv.AppendInt(append(dst, `,"usage":{"prompt_tokens":`...), v.usage.Input, 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), v.usage.Total(), 10)
	return append(dst, "}}"...)
}

// Fail implements dialect.Encoder.
func (v *vectors) Fail(dst []byte, t dialect.Trouble) []byte { return append(dst, failure(t)...) }
