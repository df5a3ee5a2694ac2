// Panel plugins around the components that @grafana/ui publishes; Grafana's own plugins are in no package registry.
import { FieldColorModeId, identityOverrideProcessor, PanelPlugin, PluginType } from '@grafana/data';
import { Alerts } from './alerts';
import { Bars } from './bars';
import { Lines } from './lines';
import { NoTempo } from './nothing';
import { Stat } from './stat';
import { Cells } from './table';

const HIDE = { hideFrom: { viz: false, legend: false, tooltip: false } };
const LINES = {
  axisColorMode: 'text', axisPlacement: 'auto', axisSoftMin: undefined, axisSoftMax: undefined, drawStyle: 'line', fillOpacity: 0, gradientMode: 'none',
  lineInterpolation: 'linear', lineStyle: undefined, lineWidth: 1, pointSize: 5, scaleDistribution: { type: 'linear' },
  showPoints: 'auto', spanNulls: false, stacking: { group: 'A', mode: 'none' }, thresholdsStyle: { mode: 'off' }, ...HIDE,
};
const CELLS = { align: 'auto', cellOptions: { type: 'auto' }, hidden: undefined, inspect: false, minWidth: undefined, width: undefined };
const BY_SERIES = { color: { defaultValue: { mode: FieldColorModeId.PaletteClassic } } };

export const plugins: Record<string, any> = {
  alertlist: plain(Alerts),
  bargauge: made(Bars),
  stat: made(Stat),
  table: made(Cells, CELLS),
  timeseries: made(Lines, LINES, BY_SERIES),
  traces: plain(NoTempo),
};
for (const [id, plugin] of Object.entries(plugins)) {
  const info = { author: { name: '' }, description: '', links: [], logos: { large: '', small: '' }, screenshots: [], updated: '', version: '' };
  plugin.meta = { id, name: id, type: PluginType.panel, module: 'preview', baseUrl: '', sort: 1, skipDataQuery: id === 'alertlist', info };
}

function plain(component: any) {
  return new PanelPlugin(component);
}

// As in Grafana, custom field config that is not registered is dropped.
function made(component: any, custom: Record<string, any> = {}, standardOptions: any = {}) {
  return new PanelPlugin(component).useFieldConfig({
    standardOptions,
    useCustomConfig: (builder: any) => {
      for (const [path, defaultValue] of Object.entries(custom)) {
        const editor = () => null;
        builder.addCustomEditor({ id: path, path, name: path, editor, override: editor, defaultValue, process: identityOverrideProcessor, shouldApply: () => true, settings: {} });
      }
    },
  } as any);
}
