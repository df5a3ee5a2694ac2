import React from 'react';
import { getDisplayValueAlignmentFactors, PanelProps } from '@grafana/data';
import { BarGauge, useTheme2, VizRepeater } from '@grafana/ui';
import { isEmpty, Nothing, valuesOf } from './values';

export function Bars(panel: PanelProps<any>) {
  const theme = useTheme2();
  const { displayMode, maxVizHeight, minVizHeight, minVizWidth, namePlacement, orientation, showUnfilled, text, valueMode } = panel.options;
  if (isEmpty(panel)) {
    return <Nothing>{panel.fieldConfig.defaults.noValue}</Nothing>;
  }
  const draw = ({ value, width, height, alignmentFactors }: any) => (
    <BarGauge
      {...{ theme, width, height, alignmentFactors, orientation, text, displayMode, showUnfilled, namePlacement }}
      value={value.display}
      field={value.field}
      display={value.view?.getFieldDisplayProcessor(value.colIndex)}
      valueDisplayMode={valueMode}
      itemSpacing={10}
      lcdCellWidth={12}
    />
  );
  return (
    <VizRepeater
      {...{ orientation, maxVizHeight, minVizHeight, minVizWidth }}
      width={panel.width}
      height={panel.height}
      itemSpacing={10}
      source={panel.data}
      renderCounter={panel.renderCounter}
      getValues={() => valuesOf(panel, theme)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={draw}
    />
  );
}
