/** What the preview's own panels share: the time axis, value ticks and a note on what they are. */

import React from 'react';
import { GrafanaTheme2, TimeRange, dateTimeFormat } from '@grafana/data';

export function ticks(max: number, wanted: number): number[] {
  if (!(max > 0)) return [0];
  const rough = max / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough)!;
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, index) => index * step);
}

export function TimeAxis({ range, left, width, y, theme }: { range: TimeRange; left: number; width: number; y: number; theme: GrafanaTheme2 }) {
  const from = range.from.valueOf(), to = range.to.valueOf();
  const count = Math.max(2, Math.floor(width / 110));
  return <>{Array.from({ length: count }, (_, index) => {
    const share = (index + 0.5) / count;
    return <text key={index} x={left + share * width} y={y} textAnchor="middle" fontSize={12} fill={theme.colors.text.secondary}>
      {dateTimeFormat(from + share * (to - from), { format: to - from > 2 * 86400e3 ? 'MM/DD HH:mm' : 'HH:mm', timeZone: 'utc' })}</text>;
  })}</>;
}
