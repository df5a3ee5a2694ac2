// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/pricing"
)

// providerWords are names that the price list does not know its providers under.
var providerWords = map[string]string{
	"amazon-bedrock":       "aws.bedrock",
	"amazon_bedrock":       "aws.bedrock",
	"aws_bedrock":          "aws.bedrock",
	"az.ai.inference":      "azure.ai.inference",
	"az.ai.openai":         "azure.ai.openai",
	"azure-openai":         "azure.ai.openai",
	"google.generative-ai": "gcp.gemini",
	"google.vertex":        "gcp.vertex_ai",
	"google_genai":         "gcp.gemini",
	"google_vertexai":      "gcp.vertex_ai",
	"togetherai":           "together",
	"vertexai":             "gcp.vertex_ai",
}

// provider is a name as the conventions have it. The Vercel AI SDK says the API besides:
// `openai.chat`, `google.vertex.chat`. A name that nobody knows stays.
func provider(said string) string {
	word := strings.ToLower(strings.TrimSpace(said))
	for name := word; name != ""; name = name[:max(strings.LastIndexByte(name, '.'), 0)] {
		if ours := providerWords[name]; ours != "" {
			return ours
		}
		if ours, known := pricing.Canonical(name); known {
			return ours
		}
	}
	return said
}

// servedBy is the provider of the host that a call says it went to; told is false where it says
// no host, and the provider is empty where nobody can know who serves it.
func servedBy(hosts pricing.Hosts, attributes pcommon.Map) (provider string, told bool) {
	address := textOf(attributes, serverAddress, "gen_ai.openai.api_base", "openai.api_base", "url.full")
	if address == "" {
		return "", false
	}
	var port int64
	if v, there := attributes.Get(serverPort); there && v.Type() == pcommon.ValueTypeInt {
		port = v.Int()
	}
	host, path := address, ""
	if strings.Contains(address, "://") {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Hostname() == "" {
			return "", true
		}
		host, path = parsed.Hostname(), parsed.Path
		if said := portOf(parsed); said != 0 {
			port = said
		}
	}
	return hosts.Provider(host, port, path), true
}

func portOf(u *url.URL) int64 {
	var port int64
	for _, digit := range u.Port() {
		port = port*10 + int64(digit-'0')
	}
	return min(port, 65_535)
}
