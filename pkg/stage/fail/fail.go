// Package fail is the stage that says what a caller gets in place of an error
// answer: the provider's own error where it is about the request, ours where
// it is about the gateway's credentials or every candidate failed.
package fail

import (
	"fmt"

	"github.com/signalbox-dev/signalbox/pkg/fault"
	"github.com/signalbox-dev/signalbox/pkg/pipeline"
)

// Stage replaces error answers.
type Stage struct{}

// Name implements pipeline.Stage.
func (Stage) Name() string { return "fail" }

// Access implements pipeline.Stage.
func (Stage) Access() pipeline.Access {
	return pipeline.Access{Reads: pipeline.SectionCall | pipeline.SectionDecision}
}

// Failure implements pipeline.OnFailure.
func (Stage) Failure(x *pipeline.Exchange) *fault.Error {
	a := &x.Answer
	switch {
	case a.Status == 401 || a.Status == 403:
		return Credential()
	case len(x.Order) > 1 && retried(a.Status):
		return fault.New(fault.AllFailed, fmt.Sprintf("All %d backends of this model failed; the last one answered %d. Try again later, or ask the gateway's operator about the request id.", len(x.Order), a.Status)).At(a.Status)
	}
	return nil
}

// Credential is what callers are told when a provider rejects our own key: it
// must not be taken for theirs.
func Credential() *fault.Error {
	return fault.New(fault.ProviderCredential, "The provider rejected the gateway's own credential. Your key is fine; the gateway's operator has been alerted.")
}

// retried mirrors the proxy's retry policy: those statuses moved on to the
// next candidate, so at the end they mean that every one failed.
func retried(status int) bool {
	switch status {
	case 401, 403, 408, 409, 425, 429:
		return true
	}
	return status >= 500
}
