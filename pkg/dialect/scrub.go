package dialect

import (
	"regexp"
	"strings"
)

// redacted stands where a secret or an account's name stood.
const redacted = "[redacted]"

// pattern is a shape of text that callers must not see. When only says no, a
// match stays.
type pattern struct {
	re   *regexp.Regexp
	keep int // the group in front of the secret that stays, 0 for none
	only func(match string) bool
}

// patterns find what provider's error messages were seen to repeat: keys, whole
// or masked, and the names of the organisation, project or account behind the
// key. Request ids stay: callers need them. All run in linear time.
var patterns = []pattern{
	{re: regexp.MustCompile(`\b(?:sk|pk|rk|sb|xai|pplx|nvapi|csk)-[\w*.…-]*[\w*…-]`)},
	{re: regexp.MustCompile(`\b(?:gsk|hf|r8|fw|tgp|ghp|sk|pk|rk)_[\w*-]{6,}`), only: hasDigitOrMask},
	{re: regexp.MustCompile(`\b(?:AIza[\w*-]{8,}|ya29\.[\w.-]+|(?:AKIA|ASIA)[A-Z0-9*]{8,}|eyJ[\w-]+\.[\w.-]+)`)},
	{re: regexp.MustCompile(`(?i)\b(bearer\s+)[\w.~+/=*-]{4,}`), keep: 1, only: hasDigitOrMask},
	{re: regexp.MustCompile(`(?i)\b(api[ _-]?key(?: provided)?\s*[:=]\s*)[^\s"'` + "`" + `]{3,}[^\s"'` + "`" + `.,]`), keep: 1},
	{re: regexp.MustCompile(`[^\s"'` + "`" + `,;]*\*{3,}(?:[^\s"'` + "`" + `,;]*[^\s"'` + "`" + `,;.])?`)},
	{re: regexp.MustCompile(`\b(?:org|proj|user|acct|account)[-_][A-Za-z0-9]{6,}`), only: hasDigitOrMask},
	{re: regexp.MustCompile(`(?i)\b(org(?:anization)?(?:[_ -]id)?\s*[:=]\s*)[0-9a-f]{8}-[0-9a-f-]{27}`), keep: 1},
	{re: regexp.MustCompile(`\barn:aws[\w-]*:[^\s"'` + "`" + `]+`)},
	{re: regexp.MustCompile(`\b(?:projects/|project_number:|subscriptions/)[\w.:-]+`)},
	{re: regexp.MustCompile(`[\w.+%-]+@[\w-]+(?:\.[\w-]+)+`)},
	{re: regexp.MustCompile(`\b[A-Za-z0-9]{32,}`), only: hasDigitOrMask},
}

// Scrub replaces in the text of a provider's error what a caller must not see:
// keys, accounts, addresses. It returns s itself when there is nothing.
func Scrub(s string) string {
	for _, p := range patterns {
		s = p.scrub(s)
	}
	return s
}

func (p *pattern) scrub(s string) string {
	var out strings.Builder
	done := 0
	for _, m := range p.re.FindAllStringSubmatchIndex(s, -1) {
		from, to := m[0], m[1]
		if p.keep > 0 {
			from = m[2*p.keep+1]
		}
		if p.only != nil && !p.only(s[from:to]) {
			continue
		}
		out.WriteString(s[done:from])
		out.WriteString(redacted)
		done = to
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// hasDigitOrMask tells ids and keys from words.
func hasDigitOrMask(s string) bool { return strings.ContainsAny(s, "0123456789*") }
