package page

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// screen is one view in one state.
type screen struct{ name, route, mode string }

func screens() []screen {
	list := []screen{
		{"overview", "#/overview", ""}, {"overview-team", "#/overview?by=team", ""}, {"overview-1h", "#/overview?range=1h&team=research", ""},
		{"decisions", "#/decisions", ""}, {"decisions-filter", "#/decisions?q=team:research&only=fallback", ""}, {"decisions-nothing", "#/decisions?q=nobody", ""},
		{"models", "#/models", ""}, {"models-cell", "#/models?cell=azure-openai/swedencentral", ""},
		{"teams", "#/teams", ""}, {"team-growth", "#/teams/growth", ""}, {"team-legal", "#/teams/legal", ""},
		{"config", "#/config", ""}, {"missing", "#/decisions/dec_none", ""},
		{"locked", "#/overview", "locked"}, {"broken", "#/overview", "broken"}, {"gone", "#/decisions", "gone"}, {"slow", "#/overview", "slow"},
	}
	for _, outcome := range []string{"served", "fallback", "downgraded", "blocked", "cancelled"} {
		list = append(list, screen{"decision-" + outcome, "#/decisions/" + one(outcome).ID, ""})
	}
	for _, view := range []string{"overview", "decisions", "models", "teams", "config"} {
		list = append(list, screen{"empty-" + view, "#/" + view, "empty"}, screen{"bare-" + view, "#/" + view, "bare"})
	}
	return append(list, screen{"bare-decision", "#/decisions/" + one("fallback").ID, "bare"}, screen{"bare-team", "#/teams/support", "bare"})
}

var (
	widths = []int{1280, 390}
	themes = []string{"light", "dark"}
)

// TestScreens looks at every view and state in both themes and at two widths:
// nothing is broken, nothing sticks out, and axe has nothing against it.
func TestScreens(t *testing.T) {
	b := start(t)
	axe := readAxe(t)
	for _, s := range screens() {
		t.Run(s.name, func(t *testing.T) {
			h := newHouse(t, s.mode)
			p := b.open(t)
			if s.mode == "slow" {
				p.do("Page.navigate", map[string]any{"url": h.URL + "/" + s.route})
				p.until(`document.getElementById('main')?.getAttribute('aria-busy') === 'true'`)
			} else {
				p.visit(h.URL + "/" + s.route)
			}
			if axe != "" {
				p.eval(axe+`; 0`, nil)
			}
			for _, width := range widths {
				for _, theme := range themes {
					p.dress(width, theme)
					name := s.name + "-" + strconv.Itoa(width) + "-" + theme
					p.shoot(name)
					look(p, width, name)
					if axe != "" {
						check(p, name)
					}
				}
			}
		})
	}
}

// look finds what is wrong whatever the screen shows.
func look(p *tab, width int, name string) {
	p.t.Helper()
	if wide := p.text(`document.documentElement.scrollWidth`); wide != strconv.Itoa(width) {
		p.t.Errorf("%s is %s wide, more than the window: %s", name, wide, p.text(`[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, .choice, pre, code, .diff')).slice(0, 5).map(e => e.nodeName + '.' + e.getAttribute('class')).join(' ')`))
	}
	if out := p.text(`[...document.querySelectorAll('main .panel')].flatMap(panel => { const edge = panel.getBoundingClientRect().right + 1; return [...panel.querySelectorAll('td, th, dd, p, b, .btn')].filter(e => e.getBoundingClientRect().right > edge && !e.closest('.scroll, .unseen, .diff, pre, thead') && e.getBoundingClientRect().width > 1); }).slice(0, 5).map(e => e.nodeName + ' ' + e.innerText.slice(0, 30)).join(' | ')`); out != "" {
		p.t.Errorf("%s: sticks out of its panel: %s", name, out)
	}
	words := p.text(`document.body.innerText`)
	for _, bad := range []string{"undefined", "NaN", "[object", "Infinity", "null"} {
		if strings.Contains(words, bad) && !strings.Contains(words, "key == null") {
			p.t.Errorf("%s says %q: …%s…", name, bad, around(words, bad))
		}
	}
	if p.text(`performance.getEntriesByType('resource').every(r => new URL(r.name).origin === location.origin || r.name.startsWith('data:'))`) != "true" {
		p.t.Error("something came from elsewhere")
	}
}

func around(text, word string) string {
	i := strings.Index(text, word)
	return text[max(0, i-60):min(len(text), i+60)]
}

func readAxe(t *testing.T) string {
	t.Helper()
	path := os.Getenv("AXE")
	if path == "" {
		t.Log("AXE is not set: what axe would find is not looked for")
		return ""
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// check lets axe look for what breaks WCAG 2.2 AA or good practice.
func check(p *tab, name string) {
	p.t.Helper()
	var found []string
	p.eval(`axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => r.violations.map(v => v.id + ' (' + v.help + '): ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' - ' + (n.any[0]?.message ?? '')).join(' ;; ')))`, &found)
	for _, f := range found {
		p.t.Errorf("%s: axe: %s", name, f)
	}
}
