package ledger

import "encoding/binary"

// ticket makes the ticket of request n.
func ticket(n uint64) []byte {
	return binary.LittleEndian.AppendUint64(make([]byte, 8, 16), n)
}
