package page

import (
	"fmt"
	"strings"
	"testing"
)

// TestKeys walks through the page without a mouse.
func TestKeys(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/")
	at := func(hash string) {
		t.Helper()
		p.until(fmt.Sprintf(`location.hash === %q && document.querySelector('nav [aria-current]').hash === %q`, hash, strings.Split(hash, "?")[0]))
	}
	for _, walk := range []struct{ keys, hash string }{
		{"g d", "#/decisions"}, {"g m", "#/models"}, {"g t", "#/teams"}, {"g c", "#/config"}, {"g o", "#/overview"}, {"]", "#/overview?range=7d"}, {"[", "#/overview?range=24h"},
	} {
		p.press(strings.Fields(walk.keys)...)
		at(walk.hash)
	}
	p.press("?")
	p.until(`document.querySelector('dialog[open]')?.innerText.includes('Single keys on')`)
	p.press("Escape")
	p.until(`!document.querySelector('dialog[open]')`)

	p.press("g", "d")
	p.until(`document.querySelector('#main .live tbody tr')`)
	p.press("j", "j", "k", "j", "Enter")
	p.until(`location.hash.startsWith('#/decisions/dec_')`)
	p.press("Escape")
	at("#/decisions")
	p.until(`document.querySelector('#main .live tbody tr')`)
	p.press("/")
	p.until(`document.activeElement.nodeName === 'INPUT'`)
	p.press("p", "Escape")
	p.until(`document.activeElement.nodeName !== 'INPUT' && document.querySelector('#bar .btn').innerText.trim() === 'Live'`)
	p.press("p")
	p.until(`document.querySelector('#bar .btn').innerText.trim() === 'Paused'`)
	p.press("p", "t")
	p.until(`document.documentElement.dataset.theme === 'light'`)
}

// TestTab holds the order of the Tab key: skip link, views, filters, content.
func TestTab(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/overview")
	var path []string
	for range 60 {
		p.press("Tab")
		part := p.text(`(e => e.className === 'skip' ? 'skip' : e.closest('nav') ? 'views' : e.closest('#bar') ? 'filters' : e.closest('#main') ? 'content' : e.closest('header') ? 'beside' : 'page')(document.activeElement)`)
		if len(path) == 0 || path[len(path)-1] != part {
			path = append(path, part)
		}
		if part == "content" {
			break
		}
	}
	if got, want := strings.Join(path, " "), "skip beside views beside filters content"; got != want {
		t.Errorf("Tab goes %s, want %s", got, want)
	}
	if p.text(`getComputedStyle(document.activeElement).outlineStyle`) == "none" {
		t.Error("the focus cannot be seen")
	}
}

// TestChart reads a chart by arrow keys.
func TestChart(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/overview")
	p.until(`document.querySelector('#main [data-chart][tabindex] svg path')`)
	p.eval(`document.querySelector('#main [data-chart][tabindex]').focus()`, nil)
	p.press("End", "ArrowLeft")
	p.until(`!document.getElementById('tip').hidden && /total/.test(document.getElementById('tip').innerText)`)
	p.until(`/\$/.test(document.querySelector('[aria-live]').textContent)`)
	p.press("Escape")
	p.until(`document.getElementById('tip').hidden`)
}

// TestRowsDoNotMoveUnderAReader holds new rows back while the pointer is in the
// table or the page is paused.
func TestRowsDoNotMoveUnderAReader(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/decisions")
	first := `document.querySelector('#main tbody tr').dataset.key`
	p.until(`document.querySelector('#main tbody tr')`)
	was := p.text(first)
	p.mouse("#main tbody tr:nth-child(2)", false)
	h.come(2)
	p.until(`document.getElementById('main').innerText.includes('Show 2 new decisions')`)
	if now := p.text(first); now != was {
		t.Errorf("row %s gave way to %s", was, now)
	}
	p.eval(`[...document.querySelectorAll('#main button')].find(b => b.innerText.startsWith('Show 2')).click()`, nil)
	p.until(first + fmt.Sprintf(` !== %q`, was))
	was = p.text(first)
	p.mouse("#bar h1", false)
	h.come(1)
	p.until(first + fmt.Sprintf(` !== %q`, was)) // nobody reads: it comes by itself
}

// TestMouse filters, sorts, opens a row, and goes back.
func TestMouse(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/decisions")
	p.until(`document.querySelector('#main tbody tr')`)
	p.eval(`[...document.querySelectorAll('#main button')].find(b => b.innerText === 'Blocked').click()`, nil)
	p.until(`location.hash === '#/decisions?only=blocked' && [...document.querySelectorAll('#main tbody tr')].every(r => r.innerText.includes('blocked'))`)
	p.eval(`document.querySelector('#bar input').focus()`, nil)
	p.press(strings.Split("team:legal", "")...)
	p.until(`decodeURIComponent(location.hash).includes('q=team:legal') && document.activeElement.value === 'team:legal'`)
	p.mouse("#main tbody tr td:nth-child(5)", true)
	p.until(`location.hash.startsWith('#/decisions/dec_')`)
	p.visit(h.URL + "/#/models")
	p.until(`document.querySelector('#main th button')`)
	p.eval(`[...document.querySelectorAll('#main th button')].find(b => b.innerText === 'Errors').click()`, nil)
	p.until(`document.querySelector('[aria-sort=descending]') && document.querySelector('#main table:not(.grid) tbody tr').innerText.includes('53.8')`)
	p.visit(h.URL + "/#/teams")
	p.until(`document.querySelector('#main tbody tr')`)
	p.mouse("#main tbody tr td:last-child", true)
	p.until(`/^#\/teams\/\w+/.test(location.hash)`)
}

func TestReplayAndCopy(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	d := one("fallback")
	p.visit(h.URL + "/#/decisions/" + d.ID)
	p.press("r")
	p.until(`document.getElementById('main').innerText.includes('bit for bit the same')`)
	if n := h.count("POST decisions/" + d.ID + "/replay"); n != 1 {
		t.Errorf("asked %d times for the replay", n)
	}
	p.press("y")
	p.until(`document.getElementById('toast').innerText.startsWith('Copied')`)
	if got := p.clipboard(); got != d.ID {
		t.Errorf("copied %q, want %q", got, d.ID)
	}
}

// TestJump goes to a view, and to an id that was pasted.
func TestJump(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/")
	p.press("ctrl+k")
	p.until(`document.querySelector('dialog[open] input') === document.activeElement`)
	p.press(strings.Split("team", "")...)
	p.until(`document.querySelectorAll('dialog[open] [role=option]').length > 2`)
	p.press("ArrowDown", "ArrowUp", "Enter")
	p.until(`location.hash === '#/teams' && !document.querySelector('dialog[open]')`)
	d := one("fallback")
	p.press("ctrl+k")
	p.until(`document.querySelector('dialog[open] input') === document.activeElement`)
	p.do("Input.insertText", map[string]any{"text": d.Request})
	p.until(`document.querySelector('dialog[open] [aria-selected=true]')?.innerText.includes('open this id')`)
	p.press("Enter")
	p.until(fmt.Sprintf(`location.hash === '#/decisions/%s' && document.getElementById('main').innerText.includes('no first token')`, d.Request))
}

// TestLock asks for the token, takes it into this tab alone, and shows nothing
// before.
func TestLock(t *testing.T) {
	h := newHouse(t, "locked")
	p := start(t).open(t)
	p.visit(h.URL + "/#/overview")
	p.until(`document.querySelector('#main input[type=password]')`)
	enter := func(text string) {
		p.eval(`document.querySelector('#main input').focus()`, nil)
		p.eval(`document.querySelector('#main input').value = ''`, nil)
		p.do("Input.insertText", map[string]any{"text": text})
		p.press("Enter")
	}
	before := h.count("GET status")
	enter("wrong")
	p.until(`document.querySelector('#main input[type=password]')`)
	for h.count("GET status") == before {
		p.eval(`new Promise(done => setTimeout(done, 20)).then(() => 0)`, nil)
	}
	enter(token)
	p.until(`document.querySelector('#main .figures')`)
	for _, place := range []string{`location.href`, `document.documentElement.outerHTML`, `JSON.stringify({...localStorage})`, `document.cookie`} {
		if strings.Contains(p.text(place), token) {
			t.Errorf("the token is in %s", place)
		}
	}
	p.visit(h.URL + "/#/teams")
	p.until(`document.querySelector('#main tbody tr')`) // the tab still has it
}

// TestOutage keeps what was shown while nothing answers, says so, and comes
// back by itself.
func TestOutage(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/overview")
	p.until(`document.querySelector('#main .figures')`)
	for _, mode := range []string{"gone", "broken"} {
		h.set(mode)
		p.until(`document.querySelector('#main [role=alert]') && document.querySelector('#main .figures')`)
		h.set("")
		p.until(`!document.querySelector('#main [role=alert]')`)
	}
}

// TestStillness holds what does not change still: a paint makes no new nodes,
// and takes no focus away.
func TestStillness(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/models")
	p.until(`document.querySelector('#main th button')`)
	p.eval(`(() => { globalThis.came = 0; new MutationObserver(list => { for (const m of list) came += m.addedNodes.length; }).observe(document.getElementById('main'), {childList: true, subtree: true}); document.querySelector('#main th button').focus(); })()`, nil)
	before := h.count("GET health")
	for h.count("GET health") < before+2 {
		p.eval(`new Promise(done => setTimeout(done, 50)).then(() => 0)`, nil)
	}
	p.until(`document.activeElement === document.querySelector('#main th button')`)
	if n := p.text(`came`); n != "0" {
		t.Errorf("%s nodes came though nothing changed", n)
	}
}

// TestNotBuilt shows no view that the gateway does not name.
func TestNotBuilt(t *testing.T) {
	h := newHouse(t, "")
	p := start(t).open(t)
	p.visit(h.URL + "/#/overview")
	if got := p.text(`[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href')).join(' ')`); got != "#/overview #/decisions #/models #/teams #/config" {
		t.Errorf("the menu has %s", got)
	}
	if n := h.count("GET privacy"); n != 0 {
		t.Errorf("asked %d times for what is not there", n)
	}
}
