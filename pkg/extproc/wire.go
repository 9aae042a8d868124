package extproc

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// phase is the kind of a ProcessingRequest: the number of the field of its
// oneof (service/ext_proc/v3/external_processor.proto).
type phase protowire.Number

const (
	requestHeaders   phase = 2
	responseHeaders  phase = 3
	requestBody      phase = 4
	responseBody     phase = 5
	requestTrailers  phase = 6
	responseTrailers phase = 7
)

const (
	fieldMetadata   protowire.Number = 8
	fieldAttributes protowire.Number = 9
)

var errWire = errors.New("malformed ProcessingRequest")

// message is a ProcessingRequest that is looked at in place: its slices point
// into the received bytes and live as long as those.
type message struct {
	phase    phase
	body     []byte // the message of the oneof
	metadata []byte // envoy.config.core.v3.Metadata
	attrs    []byte // the last entry of map<string, Struct>: Envoy sends one, named after its filter
}

// parse reads the top level of a ProcessingRequest. Unknown fields are
// skipped; of a repeated oneof the last one counts, as the decoder has it.
func (m *message) parse(b []byte) error {
	*m = message{}
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		if typ != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
				return errWire
			}
			b = b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errWire
		}
		b = b[n:]
		switch {
		case num >= protowire.Number(requestHeaders) && num <= protowire.Number(responseTrailers):
			m.phase, m.body = phase(num), v
		case num == fieldMetadata:
			m.metadata = v
		case num == fieldAttributes:
			m.attrs = v
		}
	}
	return nil
}

// field returns the last value of a length-delimited field of a message, and
// false when it is absent or the message is malformed.
func field(b []byte, want protowire.Number) (val []byte, ok bool) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, false
		}
		b = b[n:]
		if num == want && typ == protowire.BytesType {
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return nil, false
			}
			val, ok, b = v, true, b[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return nil, false
		}
		b = b[n:]
	}
	return val, ok
}

// flag returns the last value of a bool field, false when absent.
func flag(b []byte, want protowire.Number) (val bool) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		if num == want && typ == protowire.VarintType {
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return false
			}
			val, b = v != 0, b[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
			return false
		}
		b = b[n:]
	}
	return val
}

// entries yields the key and value of each entry of a map field with string
// keys and message values; it stops at the first malformed byte.
func entries(b []byte, want protowire.Number) func(yield func(key, val []byte) bool) {
	return func(yield func(key, val []byte) bool) {
		for len(b) > 0 {
			num, typ, n := protowire.ConsumeTag(b)
			if n < 0 {
				return
			}
			b = b[n:]
			if num != want || typ != protowire.BytesType {
				if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
					return
				}
				b = b[n:]
				continue
			}
			entry, n := protowire.ConsumeBytes(b)
			if n < 0 {
				return
			}
			b = b[n:]
			key, _ := field(entry, 1)
			val, _ := field(entry, 2)
			if !yield(key, val) {
				return
			}
		}
	}
}

// structString returns the string under key of a google.protobuf.Struct.
func structString(s []byte, key string) string {
	for k, v := range entries(s, 1) {
		if string(k) == key {
			text, _ := field(v, 3) // Value.string_value
			return string(text)
		}
	}
	return ""
}

// attribute returns the string attribute name of the message.
func (m *message) attribute(name string) string {
	s, ok := field(m.attrs, 2)
	if !ok {
		return ""
	}
	return structString(s, name)
}

// ticket returns the ticket in the forwarded dynamic metadata.
func (m *message) ticket() string {
	for k, v := range entries(m.metadata, 1) {
		if string(k) == "signalbox" {
			return structString(v, "ticket")
		}
	}
	return ""
}

// headers is the message of a header phase (HttpHeaders).
type headers []byte

// end reports whether no body follows.
func (h headers) end() bool { return flag(h, 3) }

// each yields name and value of every header, in order. Names come in lower
// case from Envoy. Values are raw_value, or value where an old Envoy fills it.
func (h headers) each(yield func(name, value []byte) bool) {
	block, _ := field(h, 1)
	for len(block) > 0 {
		num, typ, n := protowire.ConsumeTag(block)
		if n < 0 {
			return
		}
		block = block[n:]
		if num != 1 || typ != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, typ, block); n < 0 {
				return
			}
			block = block[n:]
			continue
		}
		entry, n := protowire.ConsumeBytes(block)
		if n < 0 {
			return
		}
		block = block[n:]
		name, value := headerEntry(entry)
		if !yield(name, value) {
			return
		}
	}
}

func headerEntry(b []byte) (name, value []byte) {
	var old []byte
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return name, value
		}
		b = b[n:]
		if typ != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
				return name, value
			}
			b = b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return name, value
		}
		b = b[n:]
		switch num {
		case 1:
			name = v
		case 2:
			old = v
		case 3:
			value = v
		}
	}
	if len(value) == 0 {
		value = old
	}
	return name, value
}

// chunk returns the bytes of a body phase (HttpBody) and whether they are the
// last ones.
func chunk(b []byte) (data []byte, end bool) {
	data, _ = field(b, 1)
	return data, flag(b, 2) || flag(b, 3)
}
