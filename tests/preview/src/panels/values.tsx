// What stat and bars share: the values of a panel, and how one that has none looks.
import React from 'react';
import { getFieldDisplayValues, GrafanaTheme2, PanelProps } from '@grafana/data';

export function valuesOf(panel: PanelProps<any>, theme: GrafanaTheme2) {
  return getFieldDisplayValues({
    data: panel.data.series,
    fieldConfig: panel.fieldConfig,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: panel.replaceVariables,
    sparkline: panel.options.graphMode === 'area',
    theme,
    timeZone: panel.timeZone,
  });
}

export function Nothing({ children = 'No data' }: { children?: React.ReactNode }) {
  return <div style={{ display: 'grid', placeItems: 'center', height: '100%', opacity: 0.6 }}>{children}</div>;
}

export function isEmpty(panel: PanelProps): boolean {
  return !panel.data.series.some((frame) => frame.length > 0);
}
