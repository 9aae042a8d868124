package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// plan are the programs that have something to say about backends of a
// dialect.
func (o options) plan(dialect string) []program {
	return slices.DeleteFunc(programs(), func(p program) bool {
		return o.argv(p)[0] == "" || !slices.Contains(p.backends, dialect) || o.direct && native(p.front) != dialect ||
			o.sdks != "" && !slices.Contains(strings.Split(o.sdks, ","), p.sdk)
	})
}

// argv is the command of a program; its first word is empty where the
// language is left out.
func (o options) argv(p program) []string {
	switch p.lang {
	case "python":
		return []string{o.python, filepath.Join("e2e", "clients", "python", p.file+"_checks.py")}
	case "node":
		return []string{o.node, filepath.Join(o.script, p.file+".mjs")}
	}
	if o.goBin == "" {
		return []string{""}
	}
	return []string{filepath.Join(o.goBin, p.file)}
}

// launch gives the program keys of its own, runs it and reads its lines.
func (o options) launch(ctx context.Context, s *stand, p program) *result {
	r := newResult(p, s.dialect)
	for _, check := range p.checks {
		if why := p.inapplicable(check, s.dialect, o.direct); why != "" {
			r.leaveOut(check, why)
		}
	}
	env, err := s.env(ctx, p)
	if err != nil {
		r.add("run", broken, err.Error())
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	var out, errs bytes.Buffer
	argv := o.argv(p)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(env, "LEAVE_OUT="+strings.Join(r.order, " ")), &out, &errs
	cmd.WaitDelay = time.Second
	began := time.Now()
	err = cmd.Run()
	r.took = time.Since(began)
	r.read(out.String())
	if ctx.Err() != nil {
		err = fmt.Errorf("not done within %v", o.limit)
	}
	if err != nil && r.missing > 0 {
		r.add("run", broken, fmt.Sprintf("%v: %s", err, tail(strings.TrimSpace(errs.String()), 400)))
	}
	return r
}

// env is our own environment without what would lead an SDK elsewhere.
func (s *stand) env(ctx context.Context, p program) ([]string, error) {
	name := strings.ReplaceAll(p.file, "_", "-")
	key, err := s.key(ctx, p.lang, name)
	if err != nil {
		return nil, err
	}
	limited, err := s.key(ctx, p.lang, name+"-limited", "--models", "solo")
	if err != nil {
		return nil, err
	}
	var env []string
	for _, v := range os.Environ() {
		name := strings.ToLower(strings.SplitN(v, "=", 2)[0])
		if !slices.ContainsFunc([]string{"openai", "anthropic", "gemini", "google", "langsmith", "langchain", "proxy"}, func(s string) bool {
			return strings.Contains(name, s)
		}) {
			env = append(env, v)
		}
	}
	return append(env,
		"OPENAI_BASE_URL="+s.base+"/v1", "OPENAI_API_KEY="+key,
		"ANTHROPIC_BASE_URL="+s.base, "ANTHROPIC_API_KEY="+key,
		"GOOGLE_GEMINI_BASE_URL="+s.base, "GEMINI_API_KEY="+key,
		"BASE_URL="+s.base, "API_KEY="+key, "LIMITED_KEY="+limited,
		"BACKEND="+s.dialect, "MODEL="+models(s.dialect)[0], "DIRECT="+map[bool]string{true: "yes"}[s.bed == nil],
		// what these clients would tell others about themselves
		"LANGSMITH_TRACING=false", "LANGCHAIN_TRACING_V2=false", "AI_SDK_LOG_WARNINGS=false",
	), nil
}
