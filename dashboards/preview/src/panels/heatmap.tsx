/** Buckets of a histogram over time: a stand-in for Grafana's plug-in. */

import React from 'react';
import { DataFrame, FieldType, formattedValueToString, getValueFormat } from '@grafana/data';
import { TimeAxis } from './axes';
import type { DrawProps } from './props';

interface Bucket { bound: number; at: Map<number, number> }

export function Heatmap({ panel, data, width, height, theme, range, exemplars }: DrawProps) {
  const buckets = apart(data);
  const unit = getValueFormat(panel.options?.yAxis?.unit ?? 'none');
  const times = [...new Set(buckets.flatMap((one) => [...one.at.keys()]))].sort((a, b) => a - b);
  const most = Math.max(1e-12, ...buckets.flatMap((one) => [...one.at.values()]));
  const left = 64, bottom = 22, tall = (height - bottom) / Math.max(1, buckets.length);
  const from = range.from.valueOf(), to = range.to.valueOf();
  const x = (time: number) => left + (width - left) * ((time - from) / (to - from));
  const wide = times.length > 1 ? x(times[1]) - x(times[0]) : 4;
  const every = Math.ceil(14 / tall);
  return (
    <svg width={width} height={height}>
      {buckets.map((bucket, i) => [...bucket.at].map(([time, count]) => count > 0 && (
        <rect key={`${i}-${time}`} x={x(time)} width={Math.max(1, wide - 1)} y={height - bottom - (i + 1) * tall} height={Math.max(1, tall - 1)}
          fill={`hsl(28 ${60 + 35 * Math.sqrt(count / most)}% ${theme.isDark ? 12 + 48 * Math.sqrt(count / most) : 95 - 48 * Math.sqrt(count / most)}%)`} />)))}
      {buckets.map((bucket, i) => i % every === 0 && Number.isFinite(bucket.bound) && (
        <text key={i} x={left - 6} y={height - bottom - (i + 1) * tall + 4} textAnchor="end" fontSize={12} fill={theme.colors.text.secondary}>
          {formattedValueToString(unit(bucket.bound))}</text>))}
      {exemplars.map(([time, value], i) => {
        const row = buckets.findIndex((one) => one.bound >= value);
        return row >= 0 && time >= from && <circle key={i} cx={x(time)} cy={height - bottom - (row + 0.5) * tall} r={3} fill={theme.visualization.getColorByName('blue')} />;
      })}
      <TimeAxis range={range} left={left} width={width - left} y={height - 6} theme={theme} />
    </svg>
  );
}

/** Prometheus's buckets hold all below their bound; a heat map shows each apart. */
function apart(data: DataFrame[]): Bucket[] {
  const whole = data.map((frame) => {
    const field = frame.fields.find((one) => one.type === FieldType.number)!;
    const times = frame.fields.find((one) => one.type === FieldType.time)!.values as number[];
    const bound = field.labels?.le === '+Inf' ? Infinity : Number(field.labels?.le ?? field.name);
    return { bound, at: new Map(times.map((time, i) => [time, Number(field.values[i] ?? 0)])) };
  }).sort((a, b) => a.bound - b.bound);
  return whole.map((one, i) => ({ bound: one.bound,
    at: new Map([...one.at].map(([time, count]) => [time, Math.max(0, count - (i ? whole[i - 1].at.get(time) ?? 0 : 0))])) }));
}
