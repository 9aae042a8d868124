package token

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/signalbox-dev/signalbox/pkg/gatewaytest/recorded"
	"github.com/signalbox-dev/signalbox/pkg/genai"
)

func near(t *testing.T, what string, got, want int64, percent int64) {
	t.Helper()
	if diff := max(got-want, want-got); diff*100 > want*percent {
		t.Errorf("%s: %d, want %d within %d %%", what, got, want, percent)
	}
}

func TestEstimateWithoutKnowledge(t *testing.T) {
	var e Estimator
	got := e.Estimate("m", 1000, 1600, false)
	near(t, "input", got.Input, 220, 1)
	near(t, "output", got.Output, 220, 1)
	near(t, "streamed output", e.Estimate("m", 1000, 2000, true).Output, 10, 1)
	if got := e.Estimate("m", 0, -1, true); got != (genai.Usage{}) {
		t.Errorf("no bytes: %+v", got)
	}
	if got := e.Estimate("m", 1, 1, false); got.Input != 1 || got.Output != 1 {
		t.Errorf("one byte: %+v", got)
	}
}

// learn feeds n exchanges of a model whose tokens are lines over bytes.
func learn(e *Estimator, name string, n int, inputPerByte, outputPerByte float64, base int64) {
	r := rand.New(rand.NewPCG(1, 1))
	for range n {
		in, out := 500+r.Int64N(50_000), 100+r.Int64N(20_000)
		noise := 0.9 + 0.2*r.Float64()
		e.Learn(name, in, out+base, genai.Usage{
			Input:  int64(float64(in) * inputPerByte * noise),
			Output: int64(float64(out) * outputPerByte * noise),
		}, true)
	}
}

func TestEstimateLearnsPerModel(t *testing.T) {
	var e Estimator
	learn(&e, "dense", 60, 0.5, 0.02, 3000)
	learn(&e, "plain", 60, 0.2, 0.004, 0)
	dense, plain := e.Estimate("dense", 20_000, 13_000, true), e.Estimate("plain", 20_000, 10_000, true)
	near(t, "dense input", dense.Input, 10_000, 10)
	near(t, "dense output", dense.Output, 200, 10)
	near(t, "plain input", plain.Input, 4_000, 10)
	near(t, "plain output", plain.Output, 40, 15)
	if got := e.Estimate("new", 20_000, 10_000, true); got.Input < plain.Input || got.Input > dense.Input {
		t.Errorf("a new model is like all others: %+v", got)
	}
	if got := e.Estimate("dense", 20_000, 10_000, false).Output; got != 2068 {
		t.Errorf("streams teach nothing about single answers: %d", got)
	}
}

func TestEstimateFollowsChange(t *testing.T) {
	var e Estimator
	learn(&e, "m", 200, 0.2, 0.01, 0)
	learn(&e, "m", 200, 0.4, 0.01, 0)
	near(t, "input", e.Estimate("m", 20_000, 1, true).Input, 8_000, 10)
}

func TestEstimateOfEqualSizes(t *testing.T) {
	var e Estimator
	for range 10 {
		e.Learn("m", 1000, 5000, genai.Usage{Input: 300, Output: 50}, true)
	}
	got := e.Estimate("m", 2000, 2500, true)
	near(t, "input", got.Input, 600, 1)
	near(t, "output", got.Output, 25, 1)
}

func TestLearnLeavesOutWhatSaysNothing(t *testing.T) {
	var e Estimator
	for range 10 {
		e.Learn("m", 1000, 0, genai.Usage{Input: 0, Output: 50}, true)
		e.Learn("m", -5, 100, genai.Usage{}, true)
	}
	if got, want := e.Estimate("m", 1000, 2000, true), new(Estimator).Estimate("m", 1000, 2000, true); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestModelsAreBounded(t *testing.T) {
	var e Estimator
	u := genai.Usage{Input: 500, Output: 10}
	for i := range 3 * MaxModels {
		e.Learn("busy", 1000, 1000, u, true)
		e.Learn(strconv.Itoa(i), 1000, 1000, u, true)
	}
	e.Learn("", 1000, 1000, u, true)
	e.Learn(string(make([]byte, maxName+1)), 1000, 1000, u, true)
	if len(e.models) != MaxModels {
		t.Errorf("%d models", len(e.models))
	}
	if e.models["busy"] == nil || e.models[strconv.Itoa(3*MaxModels-1)] == nil || e.models["0"] != nil {
		t.Error("not the stalest model was forgotten")
	}
}

func FuzzEstimator(f *testing.F) {
	f.Add("m", int64(1000), int64(2000), int64(250), int64(10), true)
	f.Add("m", int64(1)<<62, int64(-1)<<62, int64(1)<<62, int64(-1), false)
	f.Fuzz(func(t *testing.T, name string, request, response, input, output int64, stream bool) {
		var e Estimator
		for i := range int64(5) {
			e.Learn(name, request+i, response-i, genai.Usage{Input: input, Output: output + i}, stream)
			u := e.Estimate(name, response, request, stream)
			if u.Input < 0 || u.Output < 0 || u.Input > maxCount || u.Output > maxCount {
				t.Fatalf("%+v", u)
			}
			if (u.Input == 0) != (response <= 0) || (u.Output == 0) != (request <= 0) {
				t.Fatalf("%+v for %d and %d bytes", u, response, request)
			}
		}
	})
}

// On recorded traffic, a mix of all sorts, the sum over many estimates is about
// right even though each may be far off.
func TestEstimateRecorded(t *testing.T) {
	dir, ok := recorded.Find()
	if !ok {
		t.Skip("no recorded traffic: set " + recorded.Env)
	}
	var e Estimator
	var got, want genai.Usage
	for r, err := range recorded.Read(dir) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Endpoint != "chat_completions" || r.Skip() != "" || r.Truth == nil || r.Request == nil || len(r.Request.Body) == 0 {
			continue
		}
		in, out := r.Truth.Spent()
		truth := genai.Usage{Input: in, Output: out}
		if e.models[r.Model] != nil {
			got = got.Add(e.Estimate(r.Model, int64(len(r.Request.Body)), int64(len(r.Response.Body)), r.Streaming))
			want = want.Add(truth)
		}
		e.Learn(r.Model, int64(len(r.Request.Body)), int64(len(r.Response.Body)), truth, r.Streaming)
	}
	t.Logf("estimated %+v, stated %+v", got, want)
	near(t, "input", got.Input, want.Input, 60)
	near(t, "output", got.Output, want.Output, 60)
}
