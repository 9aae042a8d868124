package dialect

// TrimStart returns p without the white space and the bytes of a byte order mark
// at its beginning. It goes by bytes, since a mark may come in pieces: before the
// first byte of a document or an event stream no other text can stand.
func TrimStart(p []byte) []byte {
	for i, c := range p {
		switch c {
		case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf:
		default:
			return p[i:]
		}
	}
	return nil
}
