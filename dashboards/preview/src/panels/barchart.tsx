/** Groups of bars, standing or lying: a stand-in for Grafana's plug-in. */

import React from 'react';
import { Field, FieldType, formattedValueToString, getFieldDisplayName, getFieldSeriesColor } from '@grafana/data';
import { VizLegend, VizLegendItem, LegendDisplayMode } from '@grafana/ui';
import { ticks } from './axes';
import type { DrawProps } from './props';

const LEGEND = 26;

export function BarChart({ panel, data, width, height, theme }: DrawProps) {
  const frame = data[0];
  const category = frame.fields.find((one) => one.type === FieldType.string);
  const bars = frame.fields.filter((one) => one.type === FieldType.number && !one.config.custom?.hideFrom?.viz);
  bars.forEach((one, index) => { one.state = { ...one.state, seriesIndex: index }; });
  const color = (field: Field) => getFieldSeriesColor(field, theme).color;
  const items: VizLegendItem[] = bars.map((one) => ({ label: getFieldDisplayName(one, frame, data), color: color(one), yAxis: 1 }));
  const legend = panel.options?.legend?.showLegend !== false;
  const inner = height - (legend ? LEGEND : 0);
  const lying = panel.options?.orientation === 'horizontal';
  const draw = lying ? Lying : Standing;
  return (
    <div style={{ height }}>
      {React.createElement(draw, { names: (category?.values ?? []).map((one: unknown) => category!.display?.(one).text ?? String(one)), bars, width, height: inner, color, theme, slanted: Boolean(panel.options?.xTickLabelRotation), text: (one: number) => formattedValueToString(bars[0].display!(one)) })}
      {legend && <div style={{ height: LEGEND, overflow: 'hidden' }}><VizLegend placement="bottom" displayMode={LegendDisplayMode.List} items={items} /></div>}
    </div>
  );
}

interface BarsProps { names: string[]; bars: Field[]; width: number; height: number; color: (field: Field) => string; theme: any; slanted: boolean; text: (value: number) => string }

function extent(bars: Field[]): [number, number] {
  const all = bars.flatMap((one) => one.values as number[]).filter(Number.isFinite);
  const low = Math.min(0, ...all), high = Math.max(0, ...all);
  return [low, high === low ? low + 1 : high];
}

function Standing({ names, bars, width, height, color, theme, slanted, text }: BarsProps) {
  const [low, high] = extent(bars);
  const left = 52, bottom = slanted ? 36 : 22, top = 8, tall = height - bottom - top;
  const y = (value: number) => top + tall * (1 - (value - low) / (high - low));
  const group = (width - left) / Math.max(1, names.length), wide = (group * 0.7) / Math.max(1, bars.length);
  const marked = [...ticks(high, 4), ...ticks(-low, 3).filter((one) => one > 0).map((one) => -one)];
  return (
    <svg width={width} height={height}>
      {marked.map((one) => <g key={one}>
        <line x1={left} x2={width} y1={y(one)} y2={y(one)} stroke={theme.colors.border.weak} />
        <text x={left - 6} y={y(one) + 4} textAnchor="end" fontSize={12} fill={theme.colors.text.secondary}>{text(one)}</text>
      </g>)}
      {bars.map((field, k) => (field.values as number[]).map((value, i) => Number.isFinite(value) && (
        <rect key={`${k}-${i}`} x={left + i * group + group * 0.15 + k * wide} width={Math.max(1, wide - 1)}
          y={Math.min(y(value), y(0))} height={Math.abs(y(value) - y(0))} fill={color(field)} fillOpacity={0.8} />)))}
      {names.map((name, i) => <text key={i} textAnchor={slanted ? 'end' : 'middle'} fontSize={12} fill={theme.colors.text.secondary}
        transform={`translate(${left + (i + 0.5) * group} ${height - bottom + 16}) rotate(${slanted ? -45 : 0})`}>
        {slanted ? name : fitted(name, group)}</text>)}
    </svg>
  );
}

function Lying({ names, bars, width, height, color, theme, text }: BarsProps) {
  const [low, high] = extent(bars);
  const left = Math.min(width / 3, 14 + 7 * Math.max(...names.map((one) => String(one).length), 3));
  const x = (value: number) => left + (width - left - 12) * ((value - low) / (high - low));
  const bottom = 20, group = (height - bottom) / Math.max(1, names.length), thick = (group * 0.75) / Math.max(1, bars.length);
  const marked = [...ticks(high, 4), ...ticks(-low, 4).filter((one) => one > 0).map((one) => -one)];
  return (
    <svg width={width} height={height}>
      {marked.map((one) => <g key={one}>
        <line x1={x(one)} x2={x(one)} y1={0} y2={height - bottom} stroke={theme.colors.border.weak} />
        <text x={x(one)} y={height - 5} textAnchor="middle" fontSize={12} fill={theme.colors.text.secondary}>{text(one)}</text>
      </g>)}
      {bars.map((field, k) => (field.values as number[]).map((value, i) => Number.isFinite(value) && (
        <rect key={`${k}-${i}`} y={i * group + group * 0.12 + k * thick} height={Math.max(1, thick - 1)}
          x={Math.min(x(value), x(0))} width={Math.abs(x(value) - x(0))} fillOpacity={0.8}
          fill={field.config.color?.mode === 'thresholds' ? field.display!(value).color : color(field)} />)))}
      {names.map((name, i) => <text key={i} x={left - 6} y={(i + 0.5) * group + 4} textAnchor="end" fontSize={12}
        fill={theme.colors.text.primary}>{fitted(name, left)}</text>)}
    </svg>
  );
}

function fitted(name: string, width: number): string {
  const most = Math.max(3, Math.floor(width / 7));
  return String(name).length > most ? `${String(name).slice(0, most - 1)}…` : String(name);
}
