package page

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 30 * time.Second // of one question to the browser

// browser is a Chromium under test. It speaks JSON messages that end in a zero
// byte, on a pipe.
type browser struct {
	in  *os.File
	out *os.File

	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
	hear    map[string]func(method string, params json.RawMessage) // by session
}

type reply struct {
	ID        int             `json:"id"`
	Method    string          `json:"method"`
	SessionID string          `json:"sessionId"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Error     *struct{ Message string }
}

// chromium returns the path of a browser, or skips.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if name == "" {
			continue
		}
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Skip("no Chromium on PATH: install it, or set CHROMIUM")
	return ""
}

// start runs a browser until the test ends.
func start(t *testing.T) *browser {
	t.Helper()
	path := chromium(t)
	dir, err := os.MkdirTemp("", "page")
	if err != nil {
		t.Fatal(err)
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir="+dir, "--remote-debugging-pipe", "about:blank")
	cmd.Env = append(os.Environ(), "TZ=UTC", "LANG=en_US.UTF-8")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{in: in, out: out, waiting: map[int]chan reply{}, hear: map[string]func(string, json.RawMessage){}}
	ended := make(chan struct{})
	go b.read(ended)
	t.Cleanup(func() {
		in.Close() // the browser goes when its pipe does
		done := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		done.Stop()
		<-ended
		out.Close()
		os.RemoveAll(dir)
	})
	return b
}

func (b *browser) read(ended chan<- struct{}) {
	defer close(ended)
	r := bufio.NewReaderSize(b.out, 1<<20)
	for {
		line, err := r.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			for id, c := range b.waiting {
				delete(b.waiting, id)
				close(c)
			}
			b.mu.Unlock()
			return
		}
		var m reply
		if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &m) != nil {
			continue
		}
		b.mu.Lock()
		c, hear := b.waiting[m.ID], b.hear[m.SessionID]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		switch {
		case m.ID != 0 && c != nil:
			c <- m
		case m.Method != "" && hear != nil:
			hear(m.Method, m.Params)
		}
	}
}

// call asks the browser, or one of its tabs, and fills in the answer.
func (b *browser) call(session, method string, params map[string]any, answer any) error {
	c := make(chan reply, 1)
	b.mu.Lock()
	b.next++
	message := map[string]any{"id": b.next, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	b.waiting[b.next] = c
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case m, ok := <-c:
		switch {
		case !ok:
			return errors.New("the browser is gone")
		case m.Error != nil:
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		case answer == nil:
			return nil
		}
		return json.Unmarshal(m.Result, answer)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer within %v", method, patience)
	}
}

// tab is one page with a storage of its own.
type tab struct {
	t       *testing.T
	b       *browser
	session string
	mu      sync.Mutex
	wrong   []string // errors of scripts and breaches of the policy
}

// clock makes the page's time start at that of the recordings.
const clock = `(() => {
  const Real = Date, ahead = Date.parse('2026-11-24T10:42:08Z') - Real.now();
  globalThis.Date = class extends Real {
    constructor(...at) { at.length ? super(...at) : super(Real.now() + ahead); }
    static now() { return Real.now() + ahead; }
  };
})()`

// open makes a tab.
func (b *browser) open(t *testing.T) *tab {
	t.Helper()
	p := &tab{t: t, b: b}
	var own struct{ BrowserContextID, TargetID, SessionID string }
	p.must(b.call("", "Target.createBrowserContext", nil, &own))
	p.must(b.call("", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": own.BrowserContextID}, &own))
	p.must(b.call("", "Target.attachToTarget", map[string]any{"targetId": own.TargetID, "flatten": true}, &own))
	p.must(b.call("", "Browser.grantPermissions", map[string]any{"browserContextId": own.BrowserContextID, "permissions": []string{"clipboardReadWrite", "clipboardSanitizedWrite"}}, nil))
	p.session = own.SessionID
	b.mu.Lock()
	b.hear[p.session] = p.hear
	b.mu.Unlock()
	t.Cleanup(func() {
		_ = b.call("", "Target.disposeBrowserContext", map[string]any{"browserContextId": own.BrowserContextID}, nil)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, w := range p.wrong {
			t.Errorf("the browser complains: %s", w)
		}
	})
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		p.do(domain+".enable", nil)
	}
	p.do("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": clock})
	p.do("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true})
	p.dress(widths[0], themes[0])
	return p
}

// dress changes how wide the window is, and the theme.
func (p *tab) dress(width int, theme string) {
	p.t.Helper()
	p.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false})
	p.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}}})
	p.eval(`new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 50)).then(() => 0)`, nil)
}

func (p *tab) hear(method string, params json.RawMessage) {
	var e struct {
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Entry struct{ Source, Level, Text string }
		Type  string
		Args  []struct{ Description string }
	}
	_ = json.Unmarshal(params, &e)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case method == "Runtime.exceptionThrown":
		p.wrong = append(p.wrong, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case method == "Runtime.consoleAPICalled" && e.Type == "error":
		p.wrong = append(p.wrong, fmt.Sprint(e.Args))
	case method == "Log.entryAdded" && e.Entry.Level == "error" && e.Entry.Source != "network": // refusals are part of the tests
		p.wrong = append(p.wrong, e.Entry.Source+": "+e.Entry.Text)
	}
}

func (p *tab) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) do(method string, params map[string]any) {
	p.t.Helper()
	p.must(p.b.call(p.session, method, params, nil))
}

// eval runs an expression in the page, waits for it when it is a promise, and
// fills in its value.
func (p *tab) eval(expression string, value any) {
	p.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	p.must(p.b.call(p.session, "Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &answer))
	if e := answer.ExceptionDetails; e != nil {
		p.t.Fatalf("%.200s: %s", expression, e.Exception.Description)
	}
	if value != nil {
		p.must(json.Unmarshal(answer.Result.Value, value))
	}
}

func (p *tab) text(expression string) string {
	p.t.Helper()
	var s string
	p.eval("String("+expression+")", &s)
	return s
}

// until waits for an expression to be true, ten seconds at most.
func (p *tab) until(expression string) {
	p.t.Helper()
	var ok bool
	p.eval(`new Promise(done => { const began = performance.now(); const look = () => (`+expression+`) ? done(true) : performance.now() - began > 10000 ? done(false) : setTimeout(look, 20); look(); })`, &ok)
	if !ok {
		p.t.Fatalf("not within ten seconds: %s\nfocus on %s, at %s; the page says: %.600s", expression, p.text("document.activeElement.outerHTML.slice(0, 120)"), p.text("location.hash"), p.text("document.body.innerText"))
	}
}

// visit goes to an address and waits until the view is there.
func (p *tab) visit(url string) {
	p.t.Helper()
	p.do("Page.navigate", map[string]any{"url": "about:blank"}) // from another view the page would not load again
	p.do("Page.navigate", map[string]any{"url": url})
	p.until(`document.readyState === 'complete' && document.getElementById('main')?.getAttribute('aria-busy') === 'false'`)
}

var codes = map[string]int{"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}

// press presses keys one after the other: names, or single letters; ctrl+k.
func (p *tab) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		params := map[string]any{"type": "keyDown"}
		rest, ctrl := strings.CutPrefix(key, "ctrl+")
		params["key"] = rest
		switch code := codes[rest]; {
		case ctrl:
			params["modifiers"] = 2
		case code != 0:
			params["windowsVirtualKeyCode"] = code
			if rest == "Enter" {
				params["text"] = "\r"
			}
		default:
			params["text"] = rest
		}
		p.do("Input.dispatchKeyEvent", params)
		delete(params, "text")
		params["type"] = "keyUp"
		p.do("Input.dispatchKeyEvent", params)
	}
}

// mouse moves to the middle of what a selector finds, and clicks when asked.
func (p *tab) mouse(selector string, click bool) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	p.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect(); return {X: b.x + b.width / 2, Y: b.y + b.height / 2}; })()`, selector), &at)
	kinds := []string{"mouseMoved"}
	if click {
		kinds = append(kinds, "mousePressed", "mouseReleased")
	}
	for _, kind := range kinds {
		p.do("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": map[bool]string{true: "left", false: "none"}[kind != "mouseMoved"], "clickCount": 1})
	}
}

// shoot keeps a picture of the whole page, where somebody wants one.
func (p *tab) shoot(name string) {
	p.t.Helper()
	dir := os.Getenv("PAGE_SHOTS")
	if dir == "" {
		return
	}
	var picture struct{ Data string }
	p.must(p.b.call(p.session, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &picture))
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	p.must(err)
	p.must(os.MkdirAll(dir, 0o755))
	p.must(os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644))
}

func (p *tab) clipboard() string {
	p.t.Helper()
	var s string
	p.eval(`navigator.clipboard.readText()`, &s)
	return s
}
