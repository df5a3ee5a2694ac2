// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/pdata/pcommon"

// Names of the contract.
const (
	operationName = "gen_ai.operation.name"
	providerName  = "gen_ai.provider.name"
	usageSource   = "agentgauge.usage.source"
	outcome       = "agentgauge.outcome"
)

// Operations that are model calls; only their spans carry usage.
const (
	operationChat       = "chat"
	operationText       = "text_completion"
	operationContent    = "generate_content"
	operationEmbeddings = "embeddings"
	operationTool       = "execute_tool"
	operationAgent      = "invoke_agent"
)

// rename copies the first of from that is there, and of the right type, to an absent name.
type rename struct {
	to     string
	from   []string
	number bool
	// values translates texts; those it lacks stay as they are.
	values map[string]string
}

// usageRenames apply to model calls only: frameworks write totals of many calls under the
// same names on their agent and chain spans. OpenInference counts are inclusive like the
// contract's: prompt contains the cached tokens, completion the reasoning.
var usageRenames = []rename{
	{to: "gen_ai.usage.input_tokens", from: []string{"llm.token_count.prompt"}, number: true},
	{to: "gen_ai.usage.output_tokens", from: []string{"llm.token_count.completion"}, number: true},
	{to: "gen_ai.usage.cache_read.input_tokens", from: []string{"llm.token_count.prompt_details.cache_read"}, number: true},
	{to: "gen_ai.usage.cache_write.input_tokens", from: []string{"llm.token_count.prompt_details.cache_write"}, number: true},
	{to: "gen_ai.usage.reasoning.output_tokens", from: []string{"llm.token_count.completion_details.reasoning"}, number: true},
}

var callRenames = []rename{
	{to: "gen_ai.request.model", from: []string{"llm.request.model_name", "llm.model_name", "embedding.model_name"}},
	{to: "gen_ai.response.model", from: []string{"llm.response.model_name", "llm.model_name"}},
	{to: providerName, from: []string{"llm.provider", "llm.system"}, values: providers},
}

var scopeRenames = []rename{
	{to: "gen_ai.agent.name", from: []string{"agent.name"}},
	{to: "gen_ai.tool.name", from: []string{"tool.name"}},
}

// providers holds OpenInference's words that differ from the GenAI conventions'.
var providers = map[string]string{
	"mistralai": "mistral_ai",
	"google":    "gcp.gen_ai",
	"vertexai":  "gcp.vertex_ai",
	"azure":     "azure.ai.openai",
	"aws":       "aws.bedrock",
	"xai":       "x_ai",
}

func (r rename) apply(attributes pcommon.Map) {
	if _, there := attributes.Get(r.to); there {
		return
	}
	for _, from := range r.from {
		v, ok := attributes.Get(from)
		if !ok || !r.takes(v) {
			continue
		}
		if translated, known := r.values[v.AsString()]; known {
			attributes.PutStr(r.to, translated)
			return
		}
		// A map may move its values when it grows, so the value is copied before.
		kept := pcommon.NewValueEmpty()
		v.CopyTo(kept)
		kept.CopyTo(attributes.PutEmpty(r.to))
		return
	}
}

func (r rename) takes(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		return r.number
	case pcommon.ValueTypeStr:
		return !r.number && v.Str() != ""
	default:
		return false
	}
}
