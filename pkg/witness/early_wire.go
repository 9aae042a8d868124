package witness

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers, by message. The messages are
// envoy.service.accesslog.v3.StreamAccessLogsMessage and, below it, those of
// envoy.data.accesslog.v3.
const (
	messageHTTPLogs = 2 // StreamAccessLogsMessage
	logsEntry       = 1 // its HTTPAccessLogEntries

	entryCommon, entryRequest, entryResponse = 1, 3, 4 // HTTPAccessLogEntry

	commonStart     = 5 // AccessLogCommon
	commonFirstByte = 9
	commonCluster   = 15
	commonMetadata  = 17
	commonAttempts  = 24
	commonType      = 33

	requestID, requestBytes = 9, 12 // HTTPRequestProperties
	responseBytes           = 3     // HTTPResponseProperties

	metadataFilter      = 1 // config.core.v3.Metadata: map of Struct
	structFields        = 1 // google.protobuf.Struct: map of Value
	mapKey, mapValue    = 1, 2
	valueString         = 3
	timeSecs, timeNanos = 1, 2 // Timestamp and Duration

	downstreamPeriodic = 5 // AccessLogType
)

// earlyMessage reads the entries of running requests out of one message.
type earlyMessage struct{ news []News }

// UnmarshalWire reads b and keeps no part of it.
func (m *earlyMessage) UnmarshalWire(b []byte) error {
	return each(b, func(num protowire.Number, f field) error {
		if num != messageHTTPLogs {
			return nil
		}
		return each(f.bytes, func(num protowire.Number, f field) error {
			if num != logsEntry {
				return nil
			}
			return m.entry(f.bytes)
		})
	})
}

func (m *earlyMessage) entry(b []byte) error {
	var n News
	kind := uint64(0)
	err := each(b, func(num protowire.Number, f field) (err error) {
		switch num {
		case entryCommon:
			kind, err = n.common(f.bytes)
		case entryRequest:
			err = n.request(f.bytes)
		case entryResponse:
			err = n.response(f.bytes)
		}
		return err
	})
	if err == nil && kind == downstreamPeriodic {
		m.news = append(m.news, n)
	}
	return err
}

func (n *News) common(b []byte) (kind uint64, err error) {
	err = each(b, func(num protowire.Number, f field) (err error) {
		switch num {
		case commonType:
			kind = f.number
		case commonStart:
			var s, ns int64
			s, ns, err = f.time()
			n.Start = time.Unix(s, ns)
		case commonFirstByte:
			var s, ns int64
			s, ns, err = f.time()
			n.FirstByte = time.Duration(min(max(s, 0), maxMillis/1000))*time.Second + time.Duration(max(ns, 0))
		case commonCluster:
			n.Cluster = string(f.bytes)
		case commonAttempts:
			n.Attempts = int(min(f.number, 1<<20))
		case commonMetadata:
			err = n.metadata(f.bytes)
		}
		return err
	})
	return kind, err
}

func (n *News) request(b []byte) error {
	return each(b, func(num protowire.Number, f field) error {
		switch num {
		case requestID:
			n.RequestID = string(f.bytes)
		case requestBytes:
			n.Received = f.count()
		}
		return nil
	})
}

func (n *News) response(b []byte) error {
	return each(b, func(num protowire.Number, f field) error {
		if num == responseBytes {
			n.Sent = f.count()
		}
		return nil
	})
}

// metadata looks for the ticket in the request filter's metadata.
func (n *News) metadata(b []byte) error {
	return eachEntry(b, metadataFilter, "signalbox", func(b []byte) error {
		return eachEntry(b, structFields, "ticket", func(b []byte) error {
			return each(b, func(num protowire.Number, f field) error {
				if num == valueString {
					n.HasTicket = ticket(n.Ticket[:], string(f.bytes))
				}
				return nil
			})
		})
	})
}

// eachEntry calls yield with the value under key of the map in field want.
func eachEntry(b []byte, want protowire.Number, key string, yield func(value []byte) error) error {
	return each(b, func(num protowire.Number, f field) error {
		if num != want {
			return nil
		}
		var k, v []byte
		err := each(f.bytes, func(num protowire.Number, f field) error {
			switch num {
			case mapKey:
				k = f.bytes
			case mapValue:
				v = f.bytes
			}
			return nil
		})
		if err != nil || string(k) != key {
			return err
		}
		return yield(v)
	})
}

// field is the value of one field: bytes of a length-delimited one, number of
// a varint. Other types are of no interest.
type field struct {
	bytes  []byte
	number uint64
}

func (f field) count() int64 { return int64(min(f.number, 1<<62)) }

// time reads a Timestamp or a Duration.
func (f field) time() (secs, nanos int64, err error) {
	err = each(f.bytes, func(num protowire.Number, f field) error {
		switch num {
		case timeSecs:
			secs = int64(f.number)
		case timeNanos:
			nanos = min(int64(f.number), 999_999_999)
		}
		return nil
	})
	return secs, nanos, err
}

// each calls yield for every field of a message.
func each(b []byte, yield func(num protowire.Number, f field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("access log entry: %w", protowire.ParseError(n))
		}
		b = b[n:]
		var f field
		switch typ {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return fmt.Errorf("access log entry: %w", protowire.ParseError(n))
		}
		b = b[n:]
		if err := yield(num, f); err != nil {
			return err
		}
	}
	return nil
}
