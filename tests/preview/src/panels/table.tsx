import React from 'react';
import { cacheFieldDisplayNames, PanelProps } from '@grafana/data';
import { TableNG } from '@grafana/ui/unstable';
import { NoTempo } from './nothing';
import { isEmpty, Nothing } from './values';

export function Cells(panel: PanelProps<any>) {
  if (!panel.data.series.length && panel.data.request?.targets.some((target: any) => target.queryType === 'traceql')) {
    return <NoTempo />;
  }
  if (isEmpty(panel)) {
    return <Nothing>{panel.fieldConfig.defaults.noValue}</Nothing>;
  }
  cacheFieldDisplayNames(panel.data.series);
  return (
    <TableNG
      data={panel.data.series[0]}
      width={panel.width}
      height={panel.height}
      fieldConfig={panel.fieldConfig}
      cellHeight={panel.options.cellHeight}
      sortBy={panel.options.sortBy}
      structureRev={panel.data.structureRev}
      timeRange={panel.timeRange}
      enableVirtualization
    />
  );
}
