// The data source: asks the real Prometheus behind the preview's server.
import { PluginType, rangeUtil } from '@grafana/data';
import { RuntimeDataSource, sceneGraph } from '@grafana/scenes';
import { framesOf } from './frames';

export const UID = 'preview-prometheus';
const MOST_POINTS = 11_000;

export class Prometheus extends RuntimeDataSource {
  asked: any[] = [];

  constructor(private scrapeS: number) {
    super('prometheus', UID);
    (this as any).meta = { id: 'prometheus', name: 'Prometheus', type: PluginType.datasource, info: { logos: {} } };
  }

  async query(request: any): Promise<any> {
    const scene = request.scopedVars?.__sceneObject?.value?.valueOf?.();
    const frames: any[][] = [];
    const errors: any[] = [];
    const targets = request.targets.filter((target: any) => target.expr);
    await Promise.all(
      targets.map(async (target: any, place: number) => {
        try {
          frames[place] = await this.one(target, request, scene, targets.length);
        } catch (error: any) {
          errors.push({ refId: target.refId, message: error.message });
        }
      })
    );
    return { data: frames.flat().filter(Boolean), errors };
  }

  private async one(target: any, request: any, scene: any, queries: number) {
    const [from, to] = [request.range.from.valueOf() / 1000, request.range.to.valueOf() / 1000];
    const least = target.interval ? rangeUtil.intervalToSeconds(target.interval) : this.scrapeS;
    const step = Math.ceil(Math.max(least, (request.intervalMs ?? 15_000) / 1000, (to - from) / MOST_POINTS, 1));
    const scoped = { ...request.scopedVars, ...this.builtIn(from, to, step) };
    const query = sceneGraph.interpolate(scene, target.expr, scoped, regex as any);
    const note: any = { refId: target.refId, query };
    this.asked.push(note);
    const [start, end] = [from, to].map((at) => Math.floor(at / step) * step);
    const data = target.instant
      ? await ask('/api/v1/query', { query, time: to })
      : await ask('/api/v1/query_range', { query, start, end, step });
    note.series = data.result.length;
    return framesOf(data, target, queries, target.instant ? undefined : { start, end, step });
  }

  // $__rate_interval and its like, as Grafana's own Prometheus data source computes them.
  private builtIn(from: number, to: number, stepS: number) {
    const rangeS = Math.max(1, Math.round(to - from));
    const rateS = Math.max(stepS + this.scrapeS, 4 * this.scrapeS);
    const variable = (value: string) => ({ text: value, value });
    return {
      __interval: variable(`${stepS}s`),
      __range: variable(`${rangeS}s`),
      __rate_interval: variable(`${rateS}s`),
    };
  }

  async metricFindQuery(written: any, options?: any) {
    const scene = options?.scopedVars?.__sceneObject?.value?.valueOf?.();
    const raw = typeof written === 'string' ? written : written.query;
    const query = sceneGraph.interpolate(scene, raw, undefined, regex as any);
    const found = query.match(/^label_values\((.+),\s*(\w+)\)$/s);
    if (!found) {
      throw new Error(`a variable's query that is not label_values has no preview: ${query}`);
    }
    const values = await get(`/api/v1/label/${found[2]}/values`, { 'match[]': found[1] });
    this.asked.push({ variable: options?.variable?.name, query, series: values.length });
    return values.map((text: string) => ({ text, value: text }));
  }
}

// How Grafana's Prometheus data source writes the values of a variable into a query.
function regex(value: string | string[], variable: any): string {
  const escaped = (text: string) => text.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&');
  if (typeof value === 'string') {
    return variable?.multi || variable?.includeAll ? escaped(value) : value;
  }
  return value.length === 1 ? escaped(value[0]) : `(${value.map(escaped).join('|')})`;
}

async function ask(path: string, parameters: Record<string, any>) {
  const answer = await fetch(path, { method: 'POST', body: new URLSearchParams(parameters) });
  return dataOf(await answer.json());
}

export async function get(path: string, parameters: Record<string, string> = {}) {
  return dataOf(await (await fetch(`${path}?${new URLSearchParams(parameters)}`)).json());
}

function dataOf(answer: any) {
  if (answer.status !== 'success') {
    throw new Error(`${answer.errorType}: ${answer.error}`);
  }
  return answer.data;
}
