package provider

import "cmp"

// words are the error that belongs to the status of a fault: as a real
// provider words it, account and all.
func (f *Fault) words(d Dialect) trouble {
	t := f.openAIWords()
	switch d {
	case Anthropic:
		t = f.anthropicWords()
	case Gemini:
		t = f.geminiWords()
	}
	t.status, t.text = f.Status, cmp.Or(f.Text, t.text)
	return t
}

func (f *Fault) openAIWords() trouble {
	switch {
	case f.Status == 401:
		return trouble{text: incorrect("sk-sim-0123456789abcdef"), code: "invalid_api_key"}
	case f.Status == 403:
		return trouble{text: "Country, region, or territory not supported", code: "unsupported_country_region_territory"}
	case f.Status == 429:
		return trouble{text: "Rate limit reached for this model in organization org-simulated0123456789 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.", typ: "requests", code: "rate_limit_exceeded"}
	case f.Status == 503:
		return trouble{text: "The engine is currently overloaded, please try again later", typ: "server_error"}
	case f.Status >= 500:
		return trouble{text: "The server had an error while processing your request. Sorry about that!", typ: "server_error"}
	}
	return trouble{text: "Invalid request of the simulated kind."}
}

func (f *Fault) anthropicWords() trouble {
	switch {
	case f.Status == 401:
		return trouble{text: "invalid x-api-key"}
	case f.Status == 403:
		return trouble{text: "Your API key does not have permission to use the specified resource."}
	case f.Status == 429:
		return trouble{text: "This request would exceed your organization's rate limit of 50 requests per minute (org: 0f1e2d3c-4b5a-4697-8877-665544332211, model: simulated). For details, refer to: https://docs.claude.com/en/api/rate-limits."}
	case f.Status == 529:
		return trouble{text: "Overloaded"}
	case f.Status >= 500:
		return trouble{text: "Internal server error"}
	}
	return trouble{text: "messages: Invalid request of the simulated kind."}
}

func (f *Fault) geminiWords() trouble {
	switch {
	case f.Status == 401:
		return trouble{text: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."}
	case f.Status == 403:
		return trouble{text: "Permission denied: Consumer 'api_key:AIzaSyD-simulated0123456789' has been suspended.", code: "CONSUMER_SUSPENDED"}
	case f.Status == 429:
		return trouble{text: "You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 3, project_number:123456789012"}
	case f.Status == 503 || f.Status == 529:
		return trouble{text: "The model is overloaded. Please try again later."}
	case f.Status >= 500:
		return trouble{text: "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"}
	}
	return trouble{text: "Invalid value at 'contents' of the simulated kind."}
}
