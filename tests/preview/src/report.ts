// What became of each panel: its query's state, its errors, and field config that its kind does not know.
import { LoadingState } from '@grafana/data';
import { sceneGraph, SceneGridRow, VizPanel } from '@grafana/scenes';
import { Prometheus } from './prometheus';

const DONE: any[] = [LoadingState.Done, LoadingState.Error];
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
  const set = scene.state.$variables;
  const variables = set.state.variables.map((variable: any) => ({
    name: variable.state.name,
    value: String(variable.getValue?.()),
    options: variable.state.options?.length,
    loading: set.isVariableLoadingOrWaitingToUpdate(variable),
    error: variable.state.error && String(variable.state.error.message ?? variable.state.error),
  }));
  const settled = scene.isActive && [...rows, ...variables].every((one) => one.error || !one.loading);
  return { panels: rows, variables, queries: prometheus.asked, settled };
}

function row(panel: VizPanel, written: any) {
  const data = panel.state.$data && sceneGraph.getData(panel).state.data;
  const folded = panel.parent?.parent instanceof SceneGridRow && panel.parent.parent.state.isCollapsed;
  const plugin: any = panel.getPlugin();
  const registry = plugin?.fieldConfigRegistry;
  const unknown = registry ? paths(written.fieldConfig).filter((id) => !STANDARD.has(id) && !registry.getIfExists(id)) : [];
  return {
    key: panel.state.key,
    type: panel.state.pluginId,
    title: sceneGraph.interpolate(panel, panel.state.title),
    folded,
    none: written.fieldConfig?.defaults.noValue, // what stands where there is no data
    // A panel that React has not mounted yet has not asked: it is not done, unless its row is folded.
    loading: !folded && !(panel.isActive && (!panel.state.$data || DONE.includes(data?.state))),
    links: linksOf(panel, data),
    points: data?.series?.reduce((sum: number, frame: any) => sum + frame.length, 0) ?? 0,
    error: panel.state._pluginLoadError ?? data?.errors?.[0]?.message,
    unknown,
  };
}

// Where the links of a panel's first values lead, filled in by Grafana's own code: title -> URL.
function linksOf(panel: VizPanel, data: any) {
  const fields = data?.series?.length ? panel.applyFieldConfig(data).series[0].fields : [];
  const links = fields.flatMap((field) => field.getLinks?.({ valueRowIndex: 0 }) ?? []);
  return Object.fromEntries(links.map(({ title, href }) => [title, href]));
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
