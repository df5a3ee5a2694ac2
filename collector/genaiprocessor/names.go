// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

// Names of the contract.
const (
	operationName    = "gen_ai.operation.name"
	providerName     = "gen_ai.provider.name"
	requestModel     = "gen_ai.request.model"
	responseModel    = "gen_ai.response.model"
	responseID       = "gen_ai.response.id"
	finishReasons    = "gen_ai.response.finish_reasons"
	requestStream    = "gen_ai.request.stream"
	firstChunk       = "gen_ai.response.time_to_first_chunk"
	agentName        = "gen_ai.agent.name"
	toolName         = "gen_ai.tool.name"
	toolCallID       = "gen_ai.tool.call.id"
	workflowName     = "gen_ai.workflow.name"
	conversationID   = "gen_ai.conversation.id"
	sessionID        = "session.id"
	userID           = "user.id"
	serverAddress    = "server.address"
	serverPort       = "server.port"
	serviceTier      = "openai.response.service_tier"
	inputTokens      = "gen_ai.usage.input_tokens"
	outputTokens     = "gen_ai.usage.output_tokens"
	cacheReadTokens  = "gen_ai.usage.cache_read.input_tokens"
	cacheWriteTokens = "gen_ai.usage.cache_write.input_tokens"
	reasoningTokens  = "gen_ai.usage.reasoning.output_tokens"
)

// Names of agentgauge's own.
const (
	cacheHourTokens   = "agentgauge.usage.cache_write_1h_tokens"
	usageSource       = "agentgauge.usage.source"
	outcome           = "agentgauge.outcome"
	counted           = "agentgauge.call.counted"
	tagPrefix         = "agentgauge.tag."
	costNanousd       = "agentgauge.cost.nanousd"
	costInputNanousd  = "agentgauge.cost.input_nanousd"
	costOutputNanousd = "agentgauge.cost.output_nanousd"
	costUSD           = "agentgauge.cost.usd"
	costSource        = "agentgauge.cost.source"
)

// Operations; only spans of the first four are model calls and carry usage.
const (
	operationChat       = "chat"
	operationText       = "text_completion"
	operationContent    = "generate_content"
	operationEmbeddings = "embeddings"
	operationTool       = "execute_tool"
	operationAgent      = "invoke_agent"
	operationWorkflow   = "invoke_workflow"
)

func isCall(operation string) bool {
	switch operation {
	case operationChat, operationText, operationContent, operationEmbeddings:
		return true
	default:
		return false
	}
}

// isScope tells of the runs of agents, tools and workflows: a call inside is theirs, not a part of
// a request around them.
func isScope(operation string) bool {
	return operation == operationAgent || operation == operationTool || operation == operationWorkflow
}
