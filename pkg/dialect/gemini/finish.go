package gemini

import (
	"bytes"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
)

// blocked marks the reason for which a prompt was refused, where the reason for
// which a choice ended would stand.
const blocked = "prompt blocked: "

// finishOf reads a FinishReason. A choice that called tools ends as any other
// with STOP.
func finishOf(word dialect.Text, calls bool) (dialect.Finish, dialect.Text) {
	if reason, ok := bytes.CutPrefix(word, []byte(blocked)); ok {
		return dialect.FinishFilter, reason
	}
	switch string(word) {
	case "STOP", "FUNCTION_CALL", "":
		if calls {
			return dialect.FinishTools, word
		}
		return dialect.FinishStop, word
	case "MAX_TOKENS":
		return dialect.FinishLength, word
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		return dialect.FinishFilter, word
	}
	return dialect.FinishUnknown, word
}

// logprobs reads a LogprobsResult: the tokens that were chosen, and for each
// step those that came next.
func logprobs(doc []byte) []dialect.Logprob {
	var chosen []dialect.Logprob
	var tops [][]dialect.Logprob
	c := &cursor{doc: doc}
	if !c.at('{') {
		return nil
	}
	for c.enter('{'); c.more('}'); {
		switch string(c.key()) {
		case "chosenCandidates", "chosen_candidates":
			chosen = tokens(c)
		case "topCandidates", "top_candidates":
			tops = topTokens(c)
		default:
			c.skip()
		}
	}
	for i := range min(len(chosen), len(tops)) {
		chosen[i].Top = tops[i]
	}
	return chosen
}

func topTokens(c *cursor) (tops [][]dialect.Logprob) {
	if !c.at('[') {
		return nil
	}
	for c.enter('['); c.more(']'); {
		var step []dialect.Logprob
		if !c.at('{') {
			continue
		}
		for c.enter('{'); c.more('}'); {
			if string(c.key()) == "candidates" {
				step = tokens(c)
			} else {
				c.skip()
			}
		}
		tops = append(tops, step)
	}
	return tops
}

// tokens reads an array of {token, logProbability}. Zeros are left out.
func tokens(c *cursor) (all []dialect.Logprob) {
	if !c.at('[') {
		return nil
	}
	for c.enter('['); c.more(']'); {
		if !c.at('{') {
			continue
		}
		l := dialect.Logprob{Logprob: []byte("0")}
		for c.enter('{'); c.more('}'); {
			switch string(c.key()) {
			case "token":
				l.Token = c.str()
			case "logProbability", "log_probability":
				if raw := c.raw(); len(raw) > 0 && (raw[0] == '-' || raw[0]-'0' <= 9) {
					l.Logprob = raw
				}
			default:
				c.skip()
			}
		}
		all = append(all, l)
	}
	return all
}
