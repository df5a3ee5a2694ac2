// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"encoding/json"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// vercel is the AI SDK. Its outer spans (ai.generateText) carry the sums of the requests inside
// (ai.generateText.doGenerate): only these are calls, the outer one is an agent's run.
var vercel = vocabulary{
	name:      "vercel",
	operation: vercelOperation,
	all: []names{
		{to: agentName, from: []string{"ai.telemetry.functionId"}},
		{to: toolName, from: []string{"ai.toolCall.name"}},
		{to: toolCallID, from: []string{"ai.toolCall.id"}},
		{to: sessionID, from: []string{"ai.telemetry.metadata.sessionId"}},
		{to: userID, from: []string{"ai.telemetry.metadata.userId"}},
	},
	call: []names{
		{to: requestModel, from: []string{"ai.model.id"}},
		{to: providerName, from: []string{"ai.model.provider"}, as: asProvider},
		{to: responseModel, from: []string{"ai.response.model"}},
		{to: responseID, from: []string{"ai.response.id"}},
		{to: finishReasons, from: []string{"ai.response.finishReason", "ai.finishReason"}, as: asTexts},
		{to: firstChunk, from: []string{"ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"}, as: asSeconds},
	},
	usage: usageNames{
		input:      []string{"ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"},
		output:     []string{"ai.usage.outputTokens", "ai.usage.completionTokens"},
		cacheRead:  []string{"ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"},
		cacheWrite: []string{"ai.usage.inputTokenDetails.cacheWriteTokens"},
		reasoning:  []string{"ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"},
		total:      []string{"ai.usage.totalTokens"},
	},
	more: vercelCache,
}

func vercelOperation(span ptrace.Span) string {
	id := textOf(span.Attributes(), "ai.operationId")
	switch {
	case id == "":
		return ""
	case id == "ai.toolCall":
		return operationTool
	case strings.HasSuffix(id, ".doEmbed"):
		return operationEmbeddings
	case strings.HasSuffix(id, ".doGenerate"), strings.HasSuffix(id, ".doStream"):
		return operationChat
	default:
		return operationAgent
	}
}

const longestMetadata = 1 << 16

// vercelCache: before the SDK's sixth version, which has inputTokenDetails, the input of Anthropic's
// and Bedrock's models excludes the cached tokens; what was written to the cache is in the
// provider's metadata alone, and so is for how long, still.
func vercelCache(span ptrace.Span, c *counts) {
	attributes := span.Attributes()
	model := provider(textOf(attributes, "ai.model.provider"))
	if model != "anthropic" && model != "aws.bedrock" {
		return
	}
	c.cache = surelyApart
	for _, name := range []string{"noCacheTokens", "cacheReadTokens", "cacheWriteTokens"} {
		if has(attributes, "ai.usage.inputTokenDetails."+name) {
			c.cache = within
		}
	}
	text := textOf(attributes, "ai.response.providerMetadata")
	if text == "" || len(text) > longestMetadata {
		return
	}
	var metadata vercelMetadata
	if json.Unmarshal([]byte(text), &metadata) != nil {
		return
	}
	bedrock := &metadata.Bedrock.Usage
	c.cacheHour.fill(metadata.Anthropic.Usage.Written.Hour)
	for i := range bedrock.Details {
		if bedrock.Details[i].TTL == "1h" {
			c.cacheHour.fill(bedrock.Details[i].Written)
		}
	}
	if c.cache == surelyApart {
		c.cacheRead.fill(metadata.Anthropic.Read, bedrock.Read)
		c.cacheWrite.fill(metadata.Anthropic.Written, bedrock.Written)
	}
}

// vercelMetadata is what the provider's package of the AI SDK says beside the SDK's own numbers.
type vercelMetadata struct {
	Anthropic struct {
		Written *float64 `json:"cacheCreationInputTokens"`
		Read    *float64 `json:"cacheReadInputTokens"`
		Usage   struct {
			Written struct {
				Hour *float64 `json:"ephemeral_1h_input_tokens"`
			} `json:"cache_creation"`
		} `json:"usage"`
	} `json:"anthropic"`
	Bedrock struct {
		Usage struct {
			Written *float64 `json:"cacheWriteInputTokens"`
			Read    *float64 `json:"cacheReadInputTokens"`
			Details []struct {
				TTL     string   `json:"ttl"`
				Written *float64 `json:"inputTokens"`
			} `json:"cacheDetails"`
		} `json:"usage"`
	} `json:"bedrock"`
}
