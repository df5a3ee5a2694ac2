// From Prometheus' answers to data frames, as Grafana's Prometheus data source makes them.
import { FieldType } from '@grafana/data';

type Grid = { start: number; end: number; step: number };
type Series = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] };

export function framesOf(data: any, target: any, queries: number, grid?: Grid): any[] {
  const series: Series[] = data.resultType === 'scalar' ? [{ metric: {}, value: data.result }] : data.result;
  return target.format === 'table' ? [table(series, target, queries)] : series.map((one) => lineOf(one, series.length, target, grid));
}

function table(series: Series[], target: any, queries: number) {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].sort();
  const text = (name: string) => ({ name, type: FieldType.string, config: { filterable: true }, values: series.map((one) => one.metric[name] ?? '') });
  return {
    refId: target.refId,
    meta: { type: 'table' },
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: series.map((one) => 1000 * one.value![0]) },
      ...labels.map(text),
      {
        name: queries > 1 ? `Value #${target.refId}` : 'Value',
        type: FieldType.number,
        config: {},
        values: series.map((one) => number(one.value![1])),
      },
    ],
  };
}

function lineOf(one: Series, count: number, target: any, grid?: Grid) {
  const points = grid ? onGrid(one.values!, grid) : [one.value!];
  const config = { displayNameFromDS: legend(one.metric, count, target) };
  return {
    refId: target.refId,
    meta: { type: 'timeseries-multi' },
    fields: [
      { name: 'Time', type: FieldType.time, config: grid ? { interval: 1000 * grid.step } : {}, values: points.map(([at]) => 1000 * at) },
      { name: 'Value', type: FieldType.number, labels: one.metric, config, values: points.map(([, value]) => (value === null ? null : number(value))) },
    ],
  };
}

// A step without a sample is a gap between samples, and nothing before the first and after the last.
function onGrid(values: [number, string][], { start, end, step }: Grid): [number, string | null][] {
  const found = new Map(values);
  const [first, last] = [values[0]?.[0] ?? end, values.at(-1)?.[0] ?? start];
  const points: [number, string | null][] = [];
  for (let at = start; at <= end + 1e-6; at += step) {
    if (at >= first && at <= last) {
      points.push([at, found.get(at) ?? null]);
    }
  }
  return points;
}

function legend(metric: Record<string, string>, count: number, target: any): string | undefined {
  const { __name__: name = '', ...labels } = metric;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  if (target.legendFormat && target.legendFormat !== '__auto') {
    return target.legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_: string, label: string) => metric[label] ?? '');
  }
  return count === 1 && !pairs.length ? undefined : `${name}{${pairs.join(', ')}}`;
}

function number(text: string): number {
  return { '+Inf': Infinity, '-Inf': -Infinity }[text] ?? parseFloat(text);
}
