// What became of each panel: its query's state, its errors, and field config that its kind does not know.
import { LoadingState } from '@grafana/data';
import { sceneGraph, VizPanel } from '@grafana/scenes';
import { Prometheus } from './prometheus';

const STANDARD = new Set(['links']); // known to Grafana, in no registry of ours

export function reportOf(dashboard: any, scene: any, panels: VizPanel[], prometheus: Prometheus) {
  const written = new Map<string, any>();
  const note = (list: any[]) =>
    list.forEach((panel) => {
      written.set(`panel-${panel.id}`, panel);
      note(panel.panels ?? []);
    });
  note(dashboard.panels);
  const rows = panels.map((panel) => row(panel, written.get(panel.state.key!)));
  const variables = scene.state.$variables.state.variables.map((variable: any) => ({
    name: variable.state.name,
    value: String(variable.getValue?.()),
    options: variable.state.options?.length,
    error: variable.state.error && String(variable.state.error.message ?? variable.state.error),
  }));
  const settled = rows.every((one) => one.error || ['none', LoadingState.Done, LoadingState.Error].includes(one.state));
  return { panels: rows, variables, queries: prometheus.asked, settled };
}

function row(panel: VizPanel, written: any) {
  const data = panel.state.$data && sceneGraph.getData(panel).state.data;
  const plugin: any = panel.getPlugin();
  const registry = plugin?.fieldConfigRegistry;
  const unknown = registry ? paths(written.fieldConfig).filter((id) => !STANDARD.has(id) && !registry.getIfExists(id)) : [];
  return {
    key: panel.state.key,
    type: panel.state.pluginId,
    title: sceneGraph.interpolate(panel, panel.state.title),
    state: panel.state.$data && panel.isActive ? data?.state : 'none', // in a folded row nothing is asked
    points: data?.series?.reduce((sum: number, frame: any) => sum + frame.length, 0) ?? 0,
    error: panel.state._pluginLoadError ?? data?.errors?.[0]?.message,
    unknown,
  };
}

// Paths of custom field config and of overrides, down to what a registry knows as one.
const WHOLE = /^custom\.(scaleDistribution|lineStyle|stacking|thresholdsStyle|hideFrom|cellOptions)$/;
function paths(config: any): string[] {
  const custom = flat(config?.defaults?.custom ?? {}, 'custom.');
  const overridden = (config?.overrides ?? []).flatMap((one: any) => one.properties.map((property: any) => property.id));
  return [...custom, ...overridden];
}

function flat(node: any, prefix: string): string[] {
  return Object.entries(node).flatMap(([key, value]) => {
    const path = prefix + key;
    const leaf = WHOLE.test(path) || typeof value !== 'object' || value === null;
    return leaf ? [path] : flat(value, `${path}.`);
  });
}
