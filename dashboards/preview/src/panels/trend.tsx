/** Columns over another column: a stand-in for Grafana's plug-in. */

import React from 'react';
import { Field, FieldType, formattedValueToString, getFieldDisplayName, getFieldSeriesColor } from '@grafana/data';
import { LegendDisplayMode, VizLegend } from '@grafana/ui';
import { ticks } from './axes';
import type { DrawProps } from './props';

const LEGEND = 26, LEFT = 56, BOTTOM = 22, TOP = 8;

export function Trend({ panel, data, width, height, theme }: DrawProps) {
  const frame = data[0];
  const name = (field: Field) => getFieldDisplayName(field, frame, data);
  const numbers = frame.fields.filter((one) => one.type === FieldType.number);
  const along = numbers.find((one) => name(one) === panel.options?.xField) ?? numbers[0];
  const lines = numbers.filter((one) => one !== along);
  lines.forEach((one, index) => { one.state = { ...one.state, seriesIndex: index }; });
  const xs = along.values as number[];
  const inner = height - LEGEND;
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const top = Math.max(1e-12, ...lines.flatMap((one) => (one.values as number[]).filter(Number.isFinite)));
  const x = (value: number) => LEFT + (width - LEFT - 12) * ((value - low) / (high - low || 1));
  const y = (value: number) => TOP + (inner - BOTTOM - TOP) * (1 - value / top);
  const text = (field: Field, value: number) => formattedValueToString(field.display!(value));
  const color = (field: Field) => getFieldSeriesColor(field, theme).color;
  const grey = theme.colors.text.secondary;
  return (
    <div style={{ height }}>
      <svg width={width} height={inner}>
        {ticks(top, 5).map((one) => <g key={one}>
          <line x1={LEFT} x2={width} y1={y(one)} y2={y(one)} stroke={theme.colors.border.weak} />
          <text x={LEFT - 6} y={y(one) + 4} textAnchor="end" fontSize={12} fill={grey}>{text(lines[0], one)}</text></g>)}
        {ticks(high, 5).filter((one) => one >= low).map((one) => <text key={one} x={x(one)} y={inner - 6} textAnchor="middle"
          fontSize={12} fill={grey}>{text(along, one)}</text>)}
        {lines.map((field) => {
          const points = xs.map((at, i) => [x(at), y(field.values[i])]).filter(([, at]) => Number.isFinite(at));
          const { lineStyle, showPoints } = field.config.custom ?? {};
          return <g key={name(field)}>
            <polyline points={points.map((one) => one.join(',')).join(' ')} fill="none" stroke={color(field)}
              strokeDasharray={lineStyle?.fill === 'dash' ? lineStyle.dash.join(' ') : undefined} />
            {showPoints !== 'never' && points.map(([a, b]) => <circle key={a} cx={a} cy={b} r={3} fill={color(field)} />)}
          </g>;
        })}
      </svg>
      <div style={{ height: LEGEND, overflow: 'hidden' }}>
        <VizLegend placement="bottom" displayMode={LegendDisplayMode.List} items={lines.map((one) => ({ label: name(one), color: color(one), yAxis: 1 }))} />
      </div>
    </div>
  );
}
