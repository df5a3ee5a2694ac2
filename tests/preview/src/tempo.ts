// A search of Tempo's as the job gives it: the table of spans that Grafana's Tempo data source would make of it.
import { FieldType, PluginType } from '@grafana/data';
import { RuntimeDataSource, sceneGraph } from '@grafana/scenes';

export class Tempo extends RuntimeDataSource {
  constructor() {
    super('tempo', 'preview-tempo');
    (this as any).meta = { id: 'tempo', name: 'Tempo', type: PluginType.datasource, info: { logos: {} } };
  }

  async query(request: any): Promise<any> {
    const scene = request.scopedVars?.__sceneObject?.value?.valueOf?.();
    const [target] = request.targets;
    const q = sceneGraph.interpolate(scene, target.query, request.scopedVars);
    const answer = await fetch(`/api/search?${new URLSearchParams({ q, limit: target.limit })}`);
    const found = answer.ok && target.tableType === 'spans' ? [tableOf(await answer.json(), q)] : [];
    return { data: found };
  }
}

// Every attribute is a column of text, whatever its value is, and the trace's id is hidden.
function tableOf({ traces }: any, query: string) {
  const spans = traces.flatMap((trace: any) => trace.spanSets.flatMap((set: any) => set.spans.map((span: any) => ({ trace, span }))));
  const attributes = (span: any): [string, any][] => span.attributes.map(({ key, value }: any) => [key, Object.values(value)[0]]);
  const keys = new Set<string>(spans.flatMap(({ span }: any) => attributes(span).map(([key]) => key)));
  const selected = [...keys].filter((key) => query.includes(key)).sort();
  const column = (name: string, type: FieldType, title: string, value: (one: any) => any, config = {}) => ({
    ...{ name, type, config: { displayNameFromDS: title, ...config } },
    values: spans.map(value),
  });
  return {
    name: 'Spans',
    fields: [
      column('traceIdHidden', FieldType.string, 'traceIdHidden', ({ trace }) => trace.traceID, { custom: { hidden: true } }),
      column('traceService', FieldType.string, 'Trace Service', ({ trace }) => trace.rootServiceName),
      column('traceName', FieldType.string, 'Trace Name', ({ trace }) => trace.rootTraceName),
      column('spanID', FieldType.string, 'Span ID', ({ span }) => span.spanID),
      column('time', FieldType.time, 'Start time', ({ span }) => Number(span.startTimeUnixNano) / 1e6),
      column('name', FieldType.string, 'Name', ({ span }) => span.name),
      ...selected.map((key) => column(key, FieldType.string, key, ({ span }) => new Map(attributes(span)).get(key))),
      column('duration', FieldType.number, 'Duration', ({ span }) => Number(span.durationNanos), { unit: 'ns' }),
    ],
  };
}
