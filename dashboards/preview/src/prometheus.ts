/** Prometheus through the preview's own server, and its answers as Grafana's data frames. */

import { DataFrame, Field, FieldType, toDataFrame } from '@grafana/data';
import type { AnnotationModel, Mark, Target } from './types';
import { inQuery, inText, Values } from './variables';

export interface Range { from: number; to: number }
interface Series { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }

async function get(path: string, parameters: Record<string, string | number>): Promise<any> {
  const text = new URLSearchParams(Object.entries(parameters).map(([key, value]) => [key, String(value)]));
  const answer = await (await fetch(`/api/v1/${path}?${text}`)).json();
  if (answer.status !== 'success') throw new Error(answer.error ?? 'Prometheus does not answer');
  return answer.data;
}

/** Series at one moment; a scalar is a series without labels. */
export async function instant(query: string, time: number): Promise<Series[]> {
  const data = await get('query', { query, time });
  return data.resultType === 'scalar' ? [{ metric: {}, value: data.result }] : data.result;
}

export async function labelValues(label: string, selector: string | undefined, range: Range): Promise<string[]> {
  const match: Record<string, string> = selector ? { 'match[]': selector } : {};
  return get(`label/${label}/values`, { ...match, start: range.from, end: range.to });
}

/** Seconds between two scrapes, as the server is configured. */
export async function scrapeInterval(): Promise<number> {
  const yaml: string = (await get('status/config', {})).yaml;
  const found = /scrape_interval:\s*(?:(\d+)m)?(?:(\d+)s)?/.exec(yaml);
  return Number(found?.[1] ?? 0) * 60 + Number(found?.[2] ?? 0) || 15;
}

export async function frames(targets: Target[], range: Range, step: number, values: Values): Promise<DataFrame[]> {
  const asked = targets.filter((one) => one.expr && !one.hide);
  const several = asked.length > 1;
  const answers = await Promise.all(asked.map(async (target) => {
    const query = inQuery(target.expr!, values);
    const start = Math.floor(range.from / step) * step;
    const found = target.instant
      ? await instant(query, range.to)
      : (await get('query_range', { query, start, end: range.to, step })).result as Series[];
    if (target.format === 'table') return found.length ? [asTable(target, found, several)] : [];
    return found.map((one) => asSeries(target, one, query, values, target.instant ? 0 : step));
  }));
  return answers.flat();
}

const number = (text: string) => (text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text));

function asTable(target: Target, found: Series[], several: boolean): DataFrame {
  const keys = [...new Set(found.flatMap((one) => Object.keys(one.metric)))].filter((key) => key !== '__name__').sort();
  const last = found.map((one) => one.value ?? one.values![one.values!.length - 1]);
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: last.map(([time]) => time * 1000) },
      ...keys.map((key) => ({ name: key, type: FieldType.string, config: {}, values: found.map((one) => one.metric[key] ?? '') })),
      { name: several ? `Value #${target.refId}` : 'Value', type: FieldType.number, config: {}, values: last.map(([, text]) => number(text)) },
    ] as Field[],
  });
}

function asSeries(target: Target, one: Series, query: string, values: Values, step: number): DataFrame {
  const name = legend(target.legendFormat, one.metric, values) || query;
  const points = step ? gapped(one.values!, step) : [one.value!].map(([time, text]) => [time, number(text)] as const);
  return toDataFrame({
    refId: target.refId,
    name,
    fields: [
      { name: 'Time', type: FieldType.time, config: step ? { interval: step * 1000 } : {}, values: points.map(([time]) => time * 1000) },
      { name: 'Value', type: FieldType.number, labels: one.metric, config: { displayNameFromDS: name }, values: points.map(([, value]) => value) },
    ],
  });
}

/** Absent steps are nulls, so that a line is broken where there is nothing. */
function gapped(points: [number, string][], step: number): [number, number | null][] {
  const full: [number, number | null][] = [];
  for (const [time, text] of points) {
    const last = full.length ? full[full.length - 1][0] : time;
    if (time - last > 1.5 * step) full.push([last + step, null]);
    full.push([time, Number.isNaN(number(text)) ? null : number(text)]);
  }
  return full;
}

function legend(format: string | undefined, metric: Record<string, string>, values: Values): string {
  if (format && format !== '__auto') {
    return inText(format, values).replace(/\{\{\s*(\w+)\s*\}\}/g, (_, key) => metric[key] ?? '').replace(/ +/g, ' ').trim();
  }
  const { __name__: name = '', ...labels } = metric;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(', ');
  return pairs ? `${name}{${pairs}}` : name;
}

/** Marks of an annotation: neighbouring steps are one region, as in Grafana. */
export async function marks(annotation: AnnotationModel, range: Range, values: Values): Promise<Mark[]> {
  const step = Math.max(60, Math.ceil((range.to - range.from) / 1000 / 60) * 60);
  const written = (text: string | undefined, metric: Record<string, string>) =>
    (text ?? '').replace(/\{\{\s*(\w+)\s*\}\}/g, (_, key) => metric[key] ?? '').trim();
  const data = await get('query_range', { query: inQuery(annotation.expr, values), start: range.from, end: range.to, step: Math.min(step, 15) });
  const found: Mark[] = [];
  for (const one of data.result as Series[]) {
    let open: Mark | null = null;
    for (const [time, text] of one.values!) {
      if (!Number(text)) continue;
      if (open && time * 1000 - open.to <= 2 * step * 1000) open.to = time * 1000;
      else {
        open = { name: annotation.name, color: annotation.iconColor, from: time * 1000, to: time * 1000,
          title: `${written(annotation.titleFormat, one.metric)} ${written(annotation.textFormat, one.metric)}`.trim() };
        found.push(open);
      }
    }
  }
  return found;
}

/** Exemplars of a query that lie in the range: time in ms and value. */
export async function exemplars(target: Target, range: Range, values: Values): Promise<[number, number][]> {
  const data = await get('query_exemplars', { query: inQuery(target.expr!, values), start: range.from, end: range.to });
  return (data as any[]).flatMap((one) => one.exemplars.map((each: any) => [each.timestamp * 1000, Number(each.value)]));
}
