/** States over time, a row each: a stand-in for Grafana's plug-in. */

import React from 'react';
import { DataFrame, FieldType, getFieldDisplayName } from '@grafana/data';
import { TimeAxis } from './axes';
import type { DrawProps } from './props';

interface Span { from: number; to: number; text: string; color: string }

export function StateTimeline({ panel, data, width, height, theme, range, marks }: DrawProps) {
  const rows = data.flatMap((frame) => frame.fields.filter((one) => one.type === FieldType.number || one.type === FieldType.string && frame.fields.length > 1)
    .map((field) => ({ name: getFieldDisplayName(field, frame, data), spans: spans(frame, field, range.to.valueOf()) })));
  const left = Math.min(width * 0.4, 16 + 7.2 * Math.max(4, ...rows.map((one) => one.name.length)));
  const bottom = 22, tall = (height - bottom) / Math.max(1, rows.length);
  const thick = Math.min(tall, 44) * (panel.options?.rowHeight ?? 0.9);
  const from = range.from.valueOf(), to = range.to.valueOf();
  const x = (time: number) => left + (width - left) * Math.min(1, Math.max(0, (time - from) / (to - from)));
  return (
    <svg width={width} height={height}>
      {rows.map((row, i) => <g key={row.name}>
        <text x={left - 8} y={(i + 0.5) * tall + 4} textAnchor="end" fontSize={12} fill={theme.colors.text.primary}>{row.name}</text>
        {row.spans.map((one) => {
          const wide = x(one.to) - x(one.from);
          const shown = panel.options?.showValue !== 'never' && wide > 7 * one.text.length + 8;
          return <g key={one.from}>
            <rect x={x(one.from)} width={Math.max(1, wide)} y={(i + 0.5) * tall - thick / 2} height={thick} fill={one.color} fillOpacity={0.7} />
            {shown && <text x={x(one.from) + 6} y={(i + 0.5) * tall + 4} fontSize={12} fill={theme.colors.getContrastText(one.color)}>{one.text}</text>}
          </g>;
        })}
      </g>)}
      {marks.map((mark, i) => <line key={i} x1={x(mark.from)} x2={x(mark.from)} y1={0} y2={height - bottom} strokeDasharray="4 4"
        stroke={theme.visualization.getColorByName(mark.color)} />)}
      <TimeAxis range={range} left={left} width={width - left} y={height - 6} theme={theme} />
    </svg>
  );
}

/** Neighbours that look alike are one span; a hole stays a hole. */
function spans(frame: DataFrame, field: DataFrame['fields'][number], end: number): Span[] {
  const times = frame.fields.find((one) => one.type === FieldType.time)!.values as number[];
  const steps = times.slice(1).map((one, i) => one - times[i]);
  const usual = steps.length ? Math.min(...steps) : 60_000;
  const found: Span[] = [];
  times.forEach((time, i) => {
    const value = field.values[i];
    if (value === null || value === undefined) return;
    const { text, color = '#888', prefix = '', suffix = '' } = field.display!(value);
    const shown = `${prefix}${text}${suffix}`;
    const to = Math.min(end, i + 1 < times.length ? Math.min(times[i + 1], time + 1.5 * usual) : time + usual);
    const last = found[found.length - 1];
    if (last && last.color === color && last.text === shown && last.to >= time - 1) last.to = to;
    else found.push({ from: time, to, text: shown, color });
  });
  return found;
}
