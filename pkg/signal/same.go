package signal

import "github.com/signalbox-dev/signalbox/pkg/dialect"

// User is a number that requests of one user have in common: of whom the
// request names as its user, else of its key. It is false when neither is
// known.
func (f *Facts) User() (uint64, bool) {
	if f.Call != nil {
		for _, path := range [...][]string{{"user"}, {"safety_identifier"}, {"metadata", "user_id"}} {
			if v, ok := f.Call.Object.Find(path...); ok {
				if name := v.Raw(f.Call.Object.Doc()); len(name) > 2 && name[0] == '"' {
					return uint64(number(0).with(name)), true
				}
			}
		}
	}
	return uint64(number(0).with([]byte(f.KeyID))), f.KeyID != ""
}

// Conversation is a number that the requests of one conversation have in
// common: those with the same turns up to the user's first. It is false when the
// prompt cannot be read.
func (f *Facts) Conversation() (uint64, bool) {
	turns := f.Shape().opening
	n := number(0)
	for i := range turns {
		n = n.with([]byte{byte(turns[i].Role)}).parts(turns[i].Parts)
	}
	return uint64(n), len(turns) > 0
}

// number is what was read so far, hashed by FNV-1a.
type number uint64

func (n number) with(text []byte) number {
	n ^= 0xcbf29ce484222325
	for _, b := range text[:min(len(text), window)] {
		n = (n ^ number(b)) * 0x100000001b3
	}
	return n
}

func (n number) parts(parts []dialect.Part) number {
	for i := range parts {
		p := &parts[i]
		n = n.with(p.Text).with(p.Media.URL).with(p.Media.ID).parts(p.Parts)
	}
	return n
}
