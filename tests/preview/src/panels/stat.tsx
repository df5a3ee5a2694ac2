import React from 'react';
import { getDisplayValueAlignmentFactors, PanelProps, VizOrientation } from '@grafana/data';
import { BigValue, useTheme2, VizRepeater } from '@grafana/ui';
import { valuesOf } from './values';

export function Stat(panel: PanelProps<any>) {
  const theme = useTheme2();
  const { colorMode, graphMode, justifyMode, textMode, text, wideLayout } = panel.options;
  const draw = ({ value, width, height, alignmentFactors, count }: any) => (
    <BigValue
      {...{ theme, width, height, count, alignmentFactors, colorMode, graphMode, justifyMode, textMode, text }}
      value={value.display}
      sparkline={value.sparkline}
      disableWideLayout={!wideLayout}
      hasLinks={false}
    />
  );
  return (
    <VizRepeater
      autoGrid
      width={panel.width}
      height={panel.height}
      itemSpacing={3}
      orientation={VizOrientation.Auto}
      source={panel.data}
      renderCounter={panel.renderCounter}
      getValues={() => valuesOf(panel, theme)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={draw}
    />
  );
}
