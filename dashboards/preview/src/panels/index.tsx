/** The table of panel types. One that is not here is named as not drawn, never left out. */

import React from 'react';
import type { DrawProps } from './props';
import { BarChart } from './barchart';
import { Heatmap } from './heatmap';
import { BarGaugePanel, StatPanel } from './single';
import { StateTimeline } from './timeline';
import { TablePanel } from './table';
import { TextPanel } from './text';
import { TimeSeriesPanel } from './timeseries';
import { Trend } from './trend';

/** Drawn by Grafana's own components. */
export const GRAFANAS: Record<string, React.FC<DrawProps>> = {
  timeseries: TimeSeriesPanel,
  stat: StatPanel,
  gauge: StatPanel,
  bargauge: BarGaugePanel,
  table: TablePanel,
  text: TextPanel,
};

/** Plug-ins of Grafana's server that are on no registry: drawn by this preview, and marked so. */
export const STAND_INS: Record<string, React.FC<DrawProps>> = {
  barchart: BarChart,
  heatmap: Heatmap,
  'state-timeline': StateTimeline,
  trend: Trend,
};
