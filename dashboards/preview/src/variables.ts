/** Variables: their values from Prometheus and from the address, and texts with them put in. */

import type { Dashboard, VariableModel } from './types';
import { labelValues, instant } from './prometheus';

export type Values = Record<string, string[]>;
export interface Variable { model: VariableModel; offered: string[]; chosen: string[] }

const ALL = '$__all';
const PATTERN = /\$\{(\w[\w.]*)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]|\$([A-Za-z_]\w*)/g;

/** Grafana's own variables for a range and a step, in seconds. */
export function builtIn(from: number, to: number, step: number, scrape: number): Values {
  return {
    __interval: [`${step}s`],
    __interval_ms: [`${step * 1000}`],
    __rate_interval: [`${Math.max(step + scrape, 4 * scrape)}s`],
    __range: [`${Math.round(to - from)}s`],
    __range_s: [`${Math.round(to - from)}`],
    __from: [`${Math.round(from * 1000)}`],
    __to: [`${Math.round(to * 1000)}`],
  };
}

/** A query with the values as the Prometheus data source writes them: several are alternatives. */
export function inQuery(text: string, values: Values): string {
  return replaced(text, values, (found) =>
    found.length === 1 ? found[0] : `(${found.map(escaped).join('|')})`);
}

/** A title, a link or an option with the values as people read them. */
export function inText(text: string, values: Values): string {
  return replaced(text, values, (found) => found.join(' + '));
}

function escaped(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, '\\\\$&');
}

function replaced(text: string, values: Values, write: (found: string[]) => string): string {
  return (text ?? '').replace(PATTERN, (whole, braced, format, square, _, bare) => {
    const name = braced ?? square ?? bare;
    const found = values[name];
    if (!found) return whole;
    if (format === 'queryparam') return found.map((one) => `var-${name}=${encodeURIComponent(one)}`).join('&');
    return write(found);
  });
}

/** All variables of a dashboard, each of them asked with the values of those before it. */
export async function resolve(board: Dashboard, asked: URLSearchParams, fixed: Values): Promise<Variable[]> {
  const values: Values = { ...fixed };
  const variables: Variable[] = [];
  for (const model of board.templating.list) {
    const offered = await offers(model, values, fixed);
    const chosen = choose(model, offered, asked.getAll(`var-${model.name}`));
    variables.push({ model, offered, chosen });
    values[model.name] = effective(model, chosen, offered);
  }
  return variables;
}

/** What queries get: "All" is the pattern of the variable, or everything that is offered. */
export function effective(model: VariableModel, chosen: string[], offered: string[]): string[] {
  if (!chosen.includes(ALL)) return chosen.length ? chosen : [''];
  return model.allValue ? [model.allValue] : offered;
}

function choose(model: VariableModel, offered: string[], asked: string[]): string[] {
  const given = asked.filter((one) => one === ALL || offered.includes(one) || model.type === 'textbox');
  if (given.length) return given;
  const current = ([] as string[]).concat(model.current?.value ?? []);
  if (model.includeAll && (current.includes(ALL) || !current.length)) return [ALL];
  const kept = current.filter((one) => offered.includes(one));
  return kept.length ? kept : offered.slice(0, 1);
}

async function offers(model: VariableModel, values: Values, fixed: Values): Promise<string[]> {
  if (model.type === 'datasource') return model.query === 'prometheus' ? ['prometheus'] : [];
  if (model.type !== 'query') {
    return (model.options ?? []).map((one) => one.value);
  }
  const written = model.definition || (typeof model.query === 'string' ? model.query : model.query?.query) || '';
  const text = inQuery(written, values);
  const range = { from: Number(fixed.__from[0]) / 1000, to: Number(fixed.__to[0]) / 1000 };
  const labels = /^label_values\((?:(.*),)?\s*(\w+)\)$/s.exec(text);
  const result = /^query_result\((.*)\)$/s.exec(text);
  let found: string[] = [];
  if (labels) found = await labelValues(labels[2], labels[1], range);
  else if (result) found = (await instant(result[1], range.to)).map(asText);
  const pattern = /^\/(.*)\/(\w*)$/s.exec(model.regex ?? '');
  if (pattern) {
    const regex = new RegExp(pattern[1], pattern[2].replace('g', ''));
    found = found.map((one) => regex.exec(one)).filter((hit) => hit).map((hit) => hit!.groups?.value ?? hit![1] ?? hit![0]);
  }
  return model.sort === 0 ? [...new Set(found)] : [...new Set(found)].sort();
}

/** A series as Grafana offers it to the variable's pattern. */
function asText({ metric: { __name__: name = '', ...labels } }: { metric: Record<string, string> }): string {
  return `${name}{${Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(',')}}`;
}
