// Read before the client, so that its instrumentation finds it.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

declare const process: { argv: string[] };
export const [server, collector] = process.argv.slice(2);
const exporter = new OTLPTraceExporter({ url: `${collector}/v1/traces` });
export const tracerProvider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "foreign-typescript" }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
registerInstrumentations({ tracerProvider, instrumentations: [new OpenAIInstrumentation()] });
