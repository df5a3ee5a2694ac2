// A program without agentgauge: `node program.js MODEL_SERVER COLLECTOR`.
import { server, tracerProvider } from "./tracing";
import OpenAI from "openai";

async function main(): Promise<void> {
  const client = new OpenAI({ baseURL: `${server}/v1`, apiKey: "sim-unattributed", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "What does a heat pump cost?" }];
  const tools = [{ type: "function" as const, function: { name: "search", parameters: { type: "object" } } }];
  await client.chat.completions.create({ model: "gpt-4o-mini", messages });
  await client.chat.completions.create({ model: "gpt-4o-mini", messages, tools });
  const stream = await client.chat.completions.create({
    model: "gpt-4o",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const _ of stream);
  await client.embeddings.create({ model: "text-embedding-3-small", input: "heat pump" });
}

main().then(() => tracerProvider.shutdown());
