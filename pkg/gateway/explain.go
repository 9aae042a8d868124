package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/signalbox-dev/signalbox/pkg/builtin"
	"github.com/signalbox-dev/signalbox/pkg/dialect"
	"github.com/signalbox-dev/signalbox/pkg/jsonedit"
	"github.com/signalbox-dev/signalbox/pkg/key"
	"github.com/signalbox-dev/signalbox/pkg/ledger"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
	"github.com/signalbox-dev/signalbox/pkg/policy"
	"github.com/signalbox-dev/signalbox/pkg/route/account"
	"github.com/signalbox-dev/signalbox/pkg/signal"
	"github.com/signalbox-dev/signalbox/pkg/stage/decide"
	"github.com/signalbox-dev/signalbox/pkg/stage/read"
	"github.com/signalbox-dev/signalbox/pkg/stage/record"
	signalboxv1 "github.com/signalbox-dev/signalbox/proto/signalbox/v1"
)

// Question is a request that nobody sent.
type Question struct {
	Path    string // empty: OpenAI's chat completions
	Body    []byte // nil: a short message
	Model   string // in place of the body's; empty: that
	Key     string // id or name of a key; empty: one that may do everything
	Team    string // in place of the key's
	Strict  bool
	Headers []signal.Header
	At      time.Time
}

// Explain decides a request by the configuration in file as the gateway would,
// were all backends well, and says why. The error also is that of a request
// that is refused before anything is decided.
func Explain(file, stateDir string, q Question) (account.View, error) {
	s, dir, err := Load(file, stateDir)
	if err != nil {
		return account.View{}, err
	}
	x, err := q.exchange(s, dir)
	if err != nil {
		return account.View{}, err
	}
	if f := (read.Stage{}).RequestHead(x); f != nil {
		return account.View{}, f
	}
	if f := (read.Stage{}).RequestBody(x); f != nil {
		return account.View{}, f
	}
	f := (decide.Stage{Dialects: builtin.Table()}).RequestBody(x)
	a, err := account.Read(record.Describe(x))
	if err != nil {
		return account.View{}, err
	}
	v := a.Show(s)
	if f != nil {
		v.Refused = f.Error()
	}
	return v, nil
}

func (q Question) exchange(s *policy.Snapshot, dir string) (*pipeline.Exchange, error) {
	k, err := q.caller(s, dir)
	if err != nil {
		return nil, err
	}
	x := &pipeline.Exchange{
		Snapshot: s, Arrived: q.At, Strict: q.Strict,
		Caller: pipeline.Caller{Key: k, Team: cmp.Or(q.Team, k.Team)},
	}
	x.Head.Head = dialect.Head{Method: "POST", Path: cmp.Or(q.Path, "/v1/chat/completions"), ContentType: "application/json"}
	x.Head.ID = "not sent"
	for _, h := range q.Headers {
		h.Name = strings.ToLower(h.Name)
		x.Head.Anthropic = x.Head.Anthropic || h.Name == "anthropic-version"
		x.Head.Seen = append(x.Head.Seen, h)
	}
	x.Dialect = builtin.Select(builtin.Table())(x.Head.Head)
	x.Body, err = q.body()
	return x, err
}

// body is the request's, with the model that is wanted.
func (q Question) body() ([]byte, error) {
	if q.Body == nil {
		return json.Marshal(map[string]any{"model": q.Model, "messages": []map[string]string{{"role": "user", "content": "Hello"}}})
	}
	if q.Model == "" {
		return q.Body, nil
	}
	o, err := jsonedit.Parse(q.Body, nil)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return jsonedit.Splice(nil, q.Body, o.Set("model", jsonedit.AppendString(nil, q.Model))), nil
}

// caller is the key that asks.
func (q Question) caller(s *policy.Snapshot, dir string) (*key.Key, error) {
	if q.Key == "" {
		return &key.Key{Team: q.Team}, nil
	}
	list, err := key.List(KeyFile(dir))
	if err != nil {
		return nil, err
	}
	for _, k := range append(list, Declared(s)...) {
		if k.ID == q.Key || k.Name == q.Key {
			return &k, nil
		}
	}
	return nil, fmt.Errorf("no key %q in %s or in the configuration; signalbox keys list shows those that there are", q.Key, KeyFile(dir))
}

// Find returns what the ledger of a state directory says of the requests that
// an id names: a request id, the caller's own, a trace id or a ticket.
func Find(dir, id string) ([]ledger.Story, error) {
	stories, err := ledger.Find(LedgerDir(dir), id)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil && len(stories) == 0 {
		return nil, fmt.Errorf("no request %q in the ledger in %s", id, LedgerDir(dir))
	}
	return stories, err
}

// Replayed is a decision that was made again.
type Replayed struct {
	Identical bool     `json:"identical"`
	Compared  []string `json:"compared"`
	Differs   []string `json:"differs,omitempty"`
	Policy    string   `json:"policy_version"`
	TookUS    int64    `json:"took_us"`
	Today     Today    `json:"today"`
}

// Today is what another policy would decide.
type Today struct {
	Policy string        `json:"policy_version"`
	Same   bool          `json:"same_choice"`
	Unsure []string      `json:"unsure,omitempty"` // what had to be guessed
	View   *account.View `json:"decision,omitempty"`
}

// Replay makes the decision in o again, by the policy that made it and by
// today's.
func Replay(dir string, today *policy.Snapshot, o *signalboxv1.Open) (Replayed, error) {
	a, err := account.Read(o)
	if err != nil {
		return Replayed{}, err
	}
	then := today
	if v := o.GetPolicy(); v != today.Version {
		if then, err = Policy(dir, v); err != nil {
			return Replayed{}, err
		}
	}
	began := time.Now()
	again, err := account.Replay(then, then, a)
	if err != nil {
		return Replayed{}, err
	}
	r := Replayed{
		Identical: len(again.Differs) == 0, Compared: account.Compared(), Differs: again.Differs,
		Policy: o.GetPolicy(), TookUS: time.Since(began).Microseconds(),
	}
	now := again
	if then != today {
		if now, err = account.Replay(today, then, a); err != nil {
			return r, err
		}
	}
	v := now.Account.Show(today)
	v.RequestID = o.GetRequestId()
	r.Today = Today{Policy: today.Version, Same: now.SameChoice(a), Unsure: now.Unsure, View: &v}
	return r, nil
}
