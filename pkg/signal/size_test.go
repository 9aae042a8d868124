package signal_test

import (
	"strings"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/dialect/anthropic"
	"github.com/signalbox-dev/signalbox/pkg/dialect/openai"
	"github.com/signalbox-dev/signalbox/pkg/dialect/responses"
	"github.com/signalbox-dev/signalbox/pkg/genai"
	"github.com/signalbox-dev/signalbox/pkg/signal"
)

func parsed(t *testing.T, d dialect.Dialect, body string) *signal.Facts {
	t.Helper()
	call, f := d.Request.Parse(dialect.Endpoint{Operation: genai.Chat}, []byte(body), nil)
	if f != nil {
		t.Fatal(f)
	}
	return &signal.Facts{Operation: genai.Chat, Call: &call, Front: d.Front}
}

func TestNeeds(t *testing.T) {
	said := func(parts, more string) string {
		return `{"model":"m","messages":[{"role":"user","content":[` + parts + `]}]` + more + `}`
	}
	const text = `{"type":"text","text":"an image, an audio and a schema"}`
	for _, c := range []struct {
		name string
		d    dialect.Dialect
		body string
		want signal.Needs
	}{
		{"words_alone", openai.New(), said(text, ""), signal.Needs{}},
		{"picture", openai.New(), said(`{"type":"image_url","image_url":{"url":"https://a.example.com/b"}}`, ""), signal.Needs{Vision: true}},
		{"sound", openai.New(), said(`{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}`, ""), signal.Needs{Audio: true}},
		{"speech_wanted", openai.New(), said(text, `,"modalities":["text","audio"],"audio":{"voice":"x","format":"wav"}`), signal.Needs{Audio: true}},
		{"tools", openai.New(), said(text, `,"tools":[{"type":"function","function":{"name":"f"}}]`), signal.Needs{Tools: true}},
		{"schema", openai.New(), said(text, `,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}}`), signal.Needs{Schema: true}},
		{"json", openai.New(), said(text, `,"response_format":{"type":"json_object"}`), signal.Needs{}},
		{"picture_of_anthropic", anthropic.New(), said(`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}`, `,"max_tokens":1`), signal.Needs{Vision: true}},
		{"not_readable", responses.New(), `{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://a.example.com/b"}]}],"tools":[{"type":"function","name":"f"}]}`, signal.Needs{Tools: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parsed(t, c.d, c.body).Needs(); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	if got := (&signal.Facts{}).Needs(); got != (signal.Needs{}) {
		t.Errorf("%+v of nothing", got)
	}
}

func TestPrompt(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word", 1000) + `"}]}`
	f := parsed(t, openai.New(), body)
	if n, sure := f.Prompt(5000); n < 1000 || n > 1500 || !sure {
		t.Errorf("%d %v", n, sure)
	}
	if shape, _ := f.Found(); shape != nil {
		t.Error("it was read although it fits by far")
	}
	if n, sure := f.Prompt(1200); n != 1004 || !sure {
		t.Errorf("%d %v", n, sure)
	}
	if n, sure := parsed(t, responses.New(), `{"model":"m","input":"`+strings.Repeat("word", 1000)+`"}`).Prompt(100); sure {
		t.Errorf("%d of what cannot be read", n)
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]int64{
		strings.Repeat("word", 20): 24, strings.Repeat("語", 20): 24, strings.Repeat(`\u8a9e`, 20): 24, // and four for the turn
	} {
		f := parsed(t, openai.New(), `{"model":"m","messages":[{"role":"user","content":"`+text+`"}]}`)
		if got := f.Shape().Tokens; got != want {
			t.Errorf("%.8s: %d, want %d", text, got, want)
		}
		if got := f.Tokens(); got != want {
			t.Errorf("%.8s: %d once it was read", text, got)
		}
	}
}

func TestSameUser(t *testing.T) {
	const chat = `{"model":"m","messages":[]`
	user := func(body string) uint64 {
		f := parsed(t, openai.New(), body)
		f.KeyID = "key_1"
		n, ok := f.User()
		if !ok {
			t.Fatal(body)
		}
		return n
	}
	key, alice := user(chat+`}`), user(chat+`,"user":"alice"}`)
	if user(chat+`,"user":""}`) != key || user(chat+`,"user":1}`) != key || alice == key || alice == user(chat+`,"user":"bob"}`) {
		t.Error("users are not told apart")
	}
	if user(chat+`,"safety_identifier":"alice"}`) != alice || user(chat+`,"metadata":{"user_id":"alice"}}`) != alice {
		t.Error("a user is another by another name")
	}
	if _, ok := (&signal.Facts{}).User(); ok {
		t.Error("nobody is a user")
	}
}

func TestSameConversation(t *testing.T) {
	talk := func(turns string) uint64 {
		n, ok := parsed(t, openai.New(), `{"model":"m","messages":[`+turns+`]}`).Conversation()
		if !ok {
			t.Fatal(turns)
		}
		return n
	}
	const first = `{"role":"system","content":"be kind"},{"role":"user","content":"hello"}`
	if talk(first) != talk(first+`,{"role":"assistant","content":"a"},{"role":"user","content":"b"}`) {
		t.Error("it is another after a turn")
	}
	if talk(first) == talk(`{"role":"system","content":"be kind"},{"role":"user","content":"hallo"}`) || talk(first) == talk(`{"role":"user","content":"hello"}`) {
		t.Error("two are one")
	}
	if _, ok := parsed(t, responses.New(), `{"model":"m","input":"x"}`).Conversation(); ok {
		t.Error("what cannot be read is a conversation")
	}
}
