/** One number or a few of them, by Grafana. */

import React from 'react';
import { FieldDisplay, VizOrientation, getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BarGauge, BigValue, BigValueTextMode, VizRepeater } from '@grafana/ui';
import { interpolator } from '../grafana';
import type { DrawProps } from './props';

function reduced({ panel, data, theme, values }: DrawProps, sparkline: boolean): FieldDisplay[] {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    reduceOptions: { calcs: ['lastNotNull'], values: false, ...panel.options?.reduceOptions },
    replaceVariables: interpolator(values) as any,
    theme, data, sparkline, timeZone: 'utc',
  });
}

export function StatPanel(props: DrawProps) {
  const { panel, data, width, height, theme } = props;
  const { graphMode = 'area', colorMode = 'value', textMode = 'auto', justifyMode = 'auto', orientation = 'auto', text,
    wideLayout = true } = panel.options ?? {};
  return (
    <VizRepeater source={data} renderCounter={0} width={width} height={height} autoGrid orientation={orientation as VizOrientation}
      getValues={() => reduced(props, graphMode !== 'none')}
      getAlignmentFactors={(all: FieldDisplay[]) => getDisplayValueAlignmentFactors(all)}
      renderValue={({ value, width: w, height: h, count, alignmentFactors }) => (
        <BigValue width={w} height={h} count={count} theme={theme} text={text} alignmentFactors={alignmentFactors}
          value={value.display} sparkline={graphMode === 'none' ? undefined : value.sparkline} colorMode={colorMode}
          graphMode={graphMode} justifyMode={justifyMode} {...({ wideLayout } as object)}
          textMode={named(textMode, count)} />
      )} />
  );
}

/** A single value has no name of its own beside the title of its panel. */
function named(mode: string, count: number): BigValueTextMode {
  if (mode !== 'auto') return mode as BigValueTextMode;
  return (count > 1 ? 'value_and_name' : 'value') as BigValueTextMode;
}

export function BarGaugePanel(props: DrawProps) {
  const { panel, data, width, height, theme } = props;
  const { orientation = 'horizontal', displayMode = 'gradient', showUnfilled = true, namePlacement = 'auto', valueMode = 'color',
    minVizHeight = 16, maxVizHeight = 300 } = panel.options ?? {};
  return (
    <VizRepeater source={data} renderCounter={0} width={width} height={height} orientation={orientation as VizOrientation}
      itemSpacing={8} minVizHeight={minVizHeight} maxVizHeight={maxVizHeight} getValues={() => reduced(props, false)}
      getAlignmentFactors={(all: FieldDisplay[]) => getDisplayValueAlignmentFactors(all)}
      renderValue={({ value, width: w, height: h, orientation: o, alignmentFactors }) => (
        <BarGauge width={w} height={h} orientation={o} theme={theme} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          value={value.display} alignmentFactors={alignmentFactors} displayMode={displayMode} showUnfilled={showUnfilled}
          namePlacement={namePlacement} valueDisplayMode={valueMode} lcdCellWidth={8} itemSpacing={8} />
      )} />
  );
}
