/** Lines over time by Grafana; marks and exemplars are drawn into its plot. */

import React, { useLayoutEffect } from 'react';
import { DataFrame, FieldType } from '@grafana/data';
import { TimeSeries, UPlotConfigBuilder } from '@grafana/ui';
import type uPlot from 'uplot';
import type { Mark } from '../types';
import type { DrawProps } from './props';

const DRAWING = { drawStyle: 'line', lineWidth: 1, fillOpacity: 0, showPoints: 'auto', spanNulls: false, axisPlacement: 'auto' };

export function TimeSeriesPanel({ panel, data, width, height, theme, range, marks, exemplars }: DrawProps) {
  const frames = drawable(data);
  const { displayMode = 'list', placement = 'bottom', calcs = [], showLegend = true, width: wide, sortBy, sortDesc } = panel.options?.legend ?? {};
  const color = (name: string) => theme.visualization.getColorByName(name);
  return (
    <TimeSeries frames={frames} timeRange={range} timeZone="utc" width={width} height={height}
      legend={{ displayMode, placement, calcs, showLegend, width: wide, sortBy, sortDesc } as any}>
      {(builder) => <Drawn builder={builder} marks={marks} exemplars={exemplars} color={color} />}
    </TimeSeries>
  );
}

/** Each number gets the colour of its place among all series, as in Grafana. */
function drawable(data: DataFrame[]): DataFrame[] {
  let index = 0;
  for (const frame of data) {
    for (const field of frame.fields) {
      if (field.type !== FieldType.number) continue;
      field.state = { ...field.state, seriesIndex: index++ };
      field.config.custom = { ...DRAWING, ...field.config.custom };
    }
  }
  return data;
}

interface DrawnProps { builder: UPlotConfigBuilder; marks: Mark[]; exemplars: [number, number][]; color: (name: string) => string }

function Drawn({ builder, marks, exemplars, color }: DrawnProps) {
  useLayoutEffect(() => {
    builder.addHook('draw', (plot: uPlot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      for (const mark of marks) region(plot, mark, color(mark.color));
      for (const [time, value] of exemplars) diamond(plot, time, value, color('blue'));
      ctx.restore();
    });
  }, [builder]);
  return null;
}

function region(plot: uPlot, mark: Mark, color: string) {
  const { ctx, bbox } = plot;
  const from = plot.valToPos(mark.from, 'x', true);
  const to = plot.valToPos(mark.to, 'x', true);
  ctx.fillStyle = color;
  ctx.globalAlpha = 0.08;
  ctx.fillRect(from, bbox.top, Math.max(to - from, 1), bbox.height);
  ctx.globalAlpha = 0.8;
  ctx.strokeStyle = color;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(from, bbox.top);
  ctx.lineTo(from, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function diamond(plot: uPlot, time: number, value: number, color: string) {
  const scale = Object.keys(plot.scales).find((key) => key !== 'x');
  if (!scale) return;
  const x = plot.valToPos(time, 'x', true);
  const y = plot.valToPos(value, scale, true);
  const { ctx } = plot;
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(x, y - 4); ctx.lineTo(x + 4, y); ctx.lineTo(x, y + 4); ctx.lineTo(x - 4, y);
  ctx.fill();
}
