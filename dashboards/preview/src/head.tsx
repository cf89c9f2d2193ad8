/** What is above the panels: title, variables, time range, theme, annotations and other pages. */

import React from 'react';
import { TimeRange, dateTimeFormat } from '@grafana/data';
import type { Asked } from './app';
import type { Dashboard, Mark } from './types';
import type { Variable } from './variables';

const RANGES = ['15m', '1h', '3h', '6h', '12h', '24h', '7d'];

function go(change: (parameters: URLSearchParams) => void) {
  const parameters = new URLSearchParams(location.search);
  change(parameters);
  location.search = parameters.toString();
}

export function Head({ board, variables, range, marks, asked }: { board: Dashboard; variables: Variable[]; range: TimeRange; marks: Mark[]; asked: Asked }) {
  const { theme, parameters } = asked;
  const box: React.CSSProperties = { background: theme.components.input.background, color: theme.colors.text.primary,
    border: `1px solid ${theme.colors.border.medium}`, borderRadius: 2, padding: '0 6px', fontSize: 13, height: 28, lineHeight: '26px', maxWidth: 220, appearance: 'auto' };
  const format = { format: 'YYYY-MM-DD HH:mm', timeZone: 'utc' };
  const names = [...new Set(marks.map((one) => one.name))];
  return (
    <div style={{ marginBottom: 8 }}>
      <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', paddingBottom: 8 }}>
        <span style={{ fontSize: 18 }}>{board.title}</span>
        <span style={{ fontSize: 13, display: 'flex', gap: 8, alignItems: 'center' }}>
          {dateTimeFormat(range.from, format)} to {dateTimeFormat(range.to, format)} UTC
          <select style={box} value={parameters.get('from')?.replace('now-', '') ?? ''} onChange={(event) => go((all) => { all.set('from', `now-${event.target.value}`); all.set('to', 'now'); })}>
            <option value="">range …</option>
            {RANGES.map((one) => <option key={one} value={one}>last {one}</option>)}
          </select>
          <button style={box} onClick={() => go((all) => all.set('theme', theme.isDark ? 'light' : 'dark'))}>{theme.isDark ? 'light' : 'dark'}</button>
          <a style={{ color: theme.colors.text.link }} href={`/${location.search}`}>all pages</a>
        </span>
      </div>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, fontSize: 12, alignItems: 'center' }}>
        {variables.filter(({ model }) => model.hide !== 2 && model.type !== 'datasource').map(({ model, offered, chosen }) => (
          <label key={model.name} style={{ display: 'flex', alignItems: 'center', gap: 4 }}>
            {model.hide === 1 ? '' : model.label || model.name}
            <select style={box} value={chosen[0] ?? ''} onChange={(event) => go((all) => all.set(`var-${model.name}`, event.target.value))}>
              {model.includeAll && <option value="$__all">All</option>}
              {offered.map((one) => <option key={one} value={one}>{one || '(none)'}</option>)}
            </select>
          </label>))}
        {names.map((name) => {
          const own = marks.filter((one) => one.name === name);
          return <span key={name} style={{ color: theme.visualization.getColorByName(own[0].color) }} title={own.map((one) => one.title).join('\n')}>◆ {name} ({own.length})</span>;
        })}
      </div>
    </div>
  );
}
