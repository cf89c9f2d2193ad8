/** One dashboard on a page: its variables, its panels, and what could not be drawn. */

import React, { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { DataFrame, GrafanaTheme2, ThemeContext, TimeRange, createTheme, dateTime, rangeUtil } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import 'uplot/dist/uPlot.min.css';
import { prepared } from './grafana';
import { CELL, COLUMNS, GAP, Placed, arrange } from './layout';
import { inspect } from './inspect';
import { GRAFANAS, STAND_INS } from './panels';
import { exemplars, frames, marks, scrapeInterval } from './prometheus';
import type { Dashboard, Mark, PanelModel, Report } from './types';
import { Values, Variable, builtIn, effective, inText, resolve } from './variables';
import { Head } from './head';

export interface Asked { uid: string; parameters: URLSearchParams; theme: GrafanaTheme2; width: number }
interface Drawn { placed: Placed; raw: number; data: DataFrame[]; dots: [number, number][]; error?: string }
interface Page { board: Dashboard; variables: Variable[]; values: Values; range: TimeRange; marks: Mark[]; panels: Drawn[]; report: Report }

const PADDING = 16;

function asked(): Asked {
  const parameters = new URLSearchParams(location.search);
  const mode = parameters.get('theme') === 'light' ? 'light' : 'dark';
  const uid = location.pathname.split('/').pop() || 'inference-overview';
  return { uid, parameters, theme: createTheme({ colors: { mode } }), width: Number(parameters.get('width')) || window.innerWidth };
}

function timeRange(board: Dashboard, parameters: URLSearchParams): TimeRange {
  const raw = { from: parameters.get('from') ?? board.time?.from ?? 'now-6h', to: parameters.get('to') ?? board.time?.to ?? 'now' };
  if (/^\d+$/.test(raw.from)) {
    const [from, to] = [dateTime(Number(raw.from)), dateTime(Number(raw.to))];
    return { from, to, raw: { from, to } };
  }
  return rangeUtil.convertRawToRange(raw);
}

/** Seconds between two points of a panel, as wide as that; `least` is the panel's own "min interval". */
function step(range: TimeRange, width: number, scrape: number, least = ''): number {
  const rough = (range.to.valueOf() - range.from.valueOf()) / Math.max(100, width);
  return Math.max(scrape, least ? rangeUtil.intervalToSeconds(least) : 0, rangeUtil.roundInterval(rough) / 1000);
}

async function load({ uid, parameters, theme, width }: Asked): Promise<Page> {
  const started = performance.now();
  const board: Dashboard = await (await fetch(`/boards/${uid}.json`)).json();
  const range = timeRange(board, parameters);
  const seconds = { from: range.from.valueOf() / 1000, to: range.to.valueOf() / 1000 };
  const scrape = await scrapeInterval();
  const least = (panel: PanelModel) => parameters.get('step') ?? panel.interval;
  const fixed = (pixels: number, atLeast?: string) => builtIn(seconds.from, seconds.to, step(range, pixels, scrape, atLeast), scrape);
  const variables = await resolve(board, parameters, fixed(width));
  const values: Values = { ...fixed(width), __url_time_range: [`from=${range.from.valueOf()}&to=${range.to.valueOf()}`] };
  for (const { model, chosen, offered } of variables) values[model.name] = effective(model, chosen, offered);
  const report: Report = { dashboard: uid, queries: 0, seconds: 0, empty: [], failed: [], undrawn: [], standIns: [], truncated: [], legends: [], texts: {}, height: 0 };
  const found = await Promise.all(board.annotations.list.filter((one) => one.enable).map((one) =>
    marks(one, seconds, values).catch((error) => { report.failed.push(`annotation ${one.name}: ${error.message}`); return []; })));
  const everything = parameters.get('rows') === 'open';
  const opened = (row: PanelModel) => !row.collapsed || everything || parameters.getAll('row').includes(String(row.id));
  const panels = await Promise.all(arrange(board, values, opened).map((placed) => {
    const { panel } = placed;
    const at = step(range, pixels(panel, width), scrape, least(panel));
    return draw(placed, { ...seconds, step: at }, { ...placed.values, ...fixed(pixels(panel, width), least(panel)) }, theme, report);
  }));
  report.seconds = Math.round(performance.now() - started) / 1000;
  return { board, variables, values, range, marks: found.flat(), panels, report };
}

async function draw(placed: Placed, at: { from: number; to: number; step: number }, values: Values, theme: GrafanaTheme2, report: Report): Promise<Drawn> {
  const { panel } = placed;
  const nothing = { placed, raw: 0, data: [], dots: [] };
  if (placed.row) return nothing;
  const title = inText(panel.title, values);
  if (!(panel.type in GRAFANAS) && !(panel.type in STAND_INS)) {
    report.undrawn.push(`${title}: ${panel.type}`);
    return nothing;
  }
  if (panel.type in STAND_INS) report.standIns.push(`${title}: ${panel.type}`);
  if (panel.type === 'text') return nothing;
  const targets = (panel.targets ?? []).filter((one) => (one.datasource?.type ?? 'prometheus') === 'prometheus');
  report.queries += targets.length;
  try {
    const raw = await frames(targets, at, at.step, values);
    const data = await prepared(panel, raw, values, theme);
    if (!raw.length) report.empty.push(title);
    const marked = targets.filter((one) => one.exemplar);
    const dots = (await Promise.all(marked.map((one) => exemplars(one, at, values).catch(() => [])))).flat();
    return { placed, raw: raw.length, data, dots };
  } catch (error) {
    report.failed.push(`${title}: ${(error as Error).message}`);
    return { ...nothing, error: (error as Error).message };
  }
}

function pixels(panel: PanelModel, width: number): number {
  return (panel.gridPos.w / COLUMNS) * (width - 2 * PADDING);
}

class Guard extends React.Component<{ children: React.ReactNode; onError: (error: Error) => void }, { error?: Error }> {
  state: { error?: Error } = {};
  static getDerivedStateFromError(error: Error) { return { error }; }
  componentDidCatch(error: Error) { this.props.onError(error); }
  render() { return this.state.error ? <Note text={String(this.state.error)} /> : this.props.children; }
}

function Note({ text }: { text: string }) {
  return <div style={{ display: 'flex', height: '100%', alignItems: 'center', justifyContent: 'center', color: '#888', padding: 8, textAlign: 'center' }}>{text}</div>;
}

function Panel({ drawn, page, theme, width, height }: { drawn: Drawn; page: Page; theme: GrafanaTheme2; width: number; height: number }) {
  const { panel, values } = drawn.placed;
  const Component = GRAFANAS[panel.type] ?? STAND_INS[panel.type];
  const noValue = panel.fieldConfig?.defaults?.noValue;
  const title = inText(panel.title, values);
  const empty = panel.type !== 'text' && !drawn.data.some((frame) => frame.length);
  const standIn = panel.type in STAND_INS && <span style={{ fontSize: 11, color: '#888' }} title="not Grafana's own drawing">stand-in</span>;
  return (
    <PanelChrome title={title} description={panel.description} width={width} height={height} actions={standIn || undefined}>
      {(w, h) => {
        if (!Component) return <Note text={`The preview cannot draw panels of type ${panel.type}.`} />;
        if (drawn.error) return <Note text={drawn.error} />;
        if (empty) return <Note text={noValue ?? 'No data'} />;
        return <Guard onError={(error) => page.report.failed.push(`${title}: ${error.message}`)}>
          <Component panel={panel} data={drawn.data} width={w} height={h} theme={theme} range={page.range}
            values={{ ...page.values, ...values }} marks={page.marks} exemplars={drawn.dots} />
        </Guard>;
      }}
    </PanelChrome>
  );
}

function App() {
  const [given] = useState(asked);
  const [page, setPage] = useState<Page | null>(null);
  const [failed, setFailed] = useState('');
  useEffect(() => { load(given).then(setPage, (error) => setFailed(String(error))); }, [given]);
  useEffect(() => { if (page) window.setTimeout(() => inspect(page.report), 600); }, [page]);
  const { theme, width } = given;
  if (failed) return <Note text={failed} />;
  if (!page) return <Note text="asking Prometheus …" />;
  const cell = (width - 2 * PADDING + GAP) / COLUMNS;
  const bottom = Math.max(0, ...page.panels.map(({ placed: { panel } }) => panel.gridPos.y + panel.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles {...({ hackNoBackdropBlur: true } as object)} />
      <div id="page" style={{ background: theme.colors.background.canvas, color: theme.colors.text.primary, padding: PADDING, width, boxSizing: 'border-box' }}>
        <Head board={page.board} variables={page.variables} range={page.range} marks={page.marks} asked={given} />
        <div style={{ position: 'relative', height: bottom * (CELL + GAP) }}>
          {page.panels.map((drawn) => {
            const { x, y, w, h } = drawn.placed.panel.gridPos;
            const place: React.CSSProperties = { position: 'absolute', left: x * cell, top: y * (CELL + GAP) };
            if (drawn.placed.row) return <RowHead key={drawn.placed.key} placed={drawn.placed} style={place} />;
            return <div key={drawn.placed.key} className="drawn-panel" data-type={drawn.placed.panel.type} data-title={inText(drawn.placed.panel.title, drawn.placed.values)} style={place}>
              <Panel drawn={drawn} page={page} theme={theme} width={w * cell - GAP} height={h * (CELL + GAP) - GAP} />
            </div>;
          })}
        </div>
        <Foot report={page.report} />
      </div>
    </ThemeContext.Provider>
  );
}

function RowHead({ placed: { panel, values, open }, style }: { placed: Placed; style: React.CSSProperties }) {
  const toggle = () => {
    const parameters = new URLSearchParams(location.search);
    const rows = parameters.getAll('row').filter((one) => one !== String(panel.id));
    parameters.delete('row');
    for (const one of open ? rows : [...rows, String(panel.id)]) parameters.append('row', one);
    location.search = parameters.toString();
  };
  const count = panel.panels?.length ?? 0;
  return <div style={{ ...style, fontSize: 15, fontWeight: 500, height: CELL, lineHeight: `${CELL}px`, cursor: panel.collapsed ? 'pointer' : 'default' }} onClick={panel.collapsed ? toggle : undefined}>
    {open ? '▾' : '▸'} {inText(panel.title, values)} {!open && <small style={{ color: '#888' }}>({count} panels)</small>}</div>;
}

function Foot({ report }: { report: Report }) {
  const said = [
    report.failed.length ? `Failed: ${report.failed.join('; ')}.` : '',
    report.undrawn.length ? `Not drawn here: ${report.undrawn.join('; ')}.` : '',
    report.standIns.length ? `Drawn by stand-ins, not by Grafana's plug-ins: ${report.standIns.join('; ')}.` : '',
  ].filter(Boolean).join(' ');
  return said ? <div id="said" style={{ fontSize: 11, color: '#888', padding: '8px 0' }}>{said}</div> : null;
}

createRoot(document.getElementById('root')!).render(<App />);
