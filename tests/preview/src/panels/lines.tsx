import React from 'react';
import { DataFrame, FieldType, PanelProps } from '@grafana/data';
import { TimeSeries, useTheme2 } from '@grafana/ui';
import { Nothing } from './values';

export function Lines(panel: PanelProps<any>) {
  const theme = useTheme2();
  const frames = React.useMemo(() => graphable(panel.data.series), [panel.data.series]);
  if (!frames.length) {
    return <Nothing>{panel.fieldConfig.defaults.noValue}</Nothing>;
  }
  return (
    <TimeSeries
      frames={frames}
      structureRev={panel.data.structureRev}
      theme={theme}
      timeRange={panel.timeRange}
      timeZone={panel.timeZone}
      width={panel.width}
      height={panel.height}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

// Frames with a time and a number, each series with its place in the palette.
function graphable(series: DataFrame[]): DataFrame[] {
  let seriesIndex = 0;
  const has = (frame: DataFrame, type: FieldType) => frame.fields.some((field) => field.type === type);
  return series
    .filter((frame) => frame.length && has(frame, FieldType.time) && has(frame, FieldType.number))
    .map((frame) => ({
      ...frame,
      fields: frame.fields
        .filter((field) => field.type !== FieldType.string)
        .map((field) => (field.type === FieldType.number ? { ...field, state: { ...field.state, seriesIndex: seriesIndex++ } } : field)),
    }));
}
