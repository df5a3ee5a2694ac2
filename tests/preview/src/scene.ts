// From a dashboard's JSON to a scene.
import * as S from '@grafana/scenes';
import { toVariable } from './variables';

const DEFAULT_PLACE = { x: 0, y: 0, w: 12, h: 8 };

type Asked = { from: string | null; to: string | null; unfold: boolean };

export function toScene(dashboard: any, { from, to, unfold }: Asked) {
  const panels: S.VizPanel[] = [];
  const item = (written: any) => {
    const body = toPanel(written);
    const { x, y, w, h } = written.gridPos ?? DEFAULT_PLACE;
    panels.push(body);
    return new S.SceneGridItem({ x, y, width: w, height: h, body });
  };
  const scene = new S.EmbeddedScene({
    $timeRange: new S.SceneTimeRange({ from: from ?? dashboard.time.from, to: to ?? dashboard.time.to, timeZone: 'utc' }),
    $variables: new S.SceneVariableSet({ variables: dashboard.templating.list.map(toVariable) }),
    controls: [new S.VariableValueSelectors({}), new S.SceneControlsSpacer(), new S.SceneTimePicker({})],
    body: new S.SceneGridLayout({ isDraggable: false, isResizable: false, isLazy: false, children: rows(dashboard.panels, item, unfold) }),
  });
  return { scene, panels };
}

// Panels after an open row belong to it; a folded row holds its own.
function rows(written: any[], item: (panel: any) => S.SceneGridItem, unfold: boolean): S.SceneGridItemLike[] {
  const children: S.SceneGridItemLike[] = [];
  let open: S.SceneGridRow | undefined;
  for (const panel of written) {
    if (panel.type === 'row') {
      const inside = (panel.panels ?? []).map(item);
      const row = new S.SceneGridRow({ title: panel.title, isCollapsed: panel.collapsed && !unfold, isCollapsible: true, y: panel.gridPos.y, children: inside });
      children.push(row);
      open = panel.collapsed ? undefined : row;
    } else if (open) {
      open.setState({ children: [...open.state.children, item(panel)] });
    } else {
      children.push(item(panel));
    }
  }
  return children;
}

function toPanel(written: any): S.VizPanel {
  return new S.VizPanel({
    key: `panel-${written.id}`,
    title: written.title,
    description: written.description,
    pluginId: written.type,
    pluginVersion: written.pluginVersion,
    options: written.options ?? {},
    fieldConfig: written.fieldConfig ?? { defaults: {}, overrides: [] },
    $data: queries(written),
    $timeRange: ownTime(written.timeFrom),
  });
}

function queries(written: any) {
  if (!written.targets?.length) {
    return undefined;
  }
  const runner = new S.SceneQueryRunner({ datasource: written.datasource, queries: written.targets, maxDataPointsFromWidth: true });
  return new S.SceneDataTransformer({ $data: runner, transformations: written.transformations ?? [] });
}

// `1h` is the last hour, `now/d` today so far: as Grafana reads a panel's relative time.
function ownTime(timeFrom?: string) {
  return timeFrom && new S.SceneTimeRange({ from: timeFrom.startsWith('now') ? timeFrom : `now-${timeFrom}`, to: 'now', timeZone: 'utc' });
}
