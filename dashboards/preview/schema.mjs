/**
 * Whether the dashboards are what Grafana 11, 12 and 13 know: their own types (@grafana/schema) of the classic JSON, and
 * of each panel's options and drawing, say which keys there are and which words they may have.
 *
 *     node schema.mjs
 *
 * A dashboard becomes a TypeScript file that says of itself that it is one; tsc says what is not true.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'build', 'schema');
const SCHEMAS = { 11: 'schema-11', 12: 'schema-12', 13: '@grafana/schema' };
// What Grafana writes itself and its types leave to data sources and variables.
const UNTYPED = { variables: ['definition', 'current'], annotations: ['expr', 'step', 'titleFormat', 'textFormat', 'useValueForTime'] };
const PLAIN = `type Plain<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T :
  T extends (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]?: Plain<T[K]> } : T;
`;

const folders = (version) => ['esm', 'types'].map((one) => join(here, 'node_modules', SCHEMAS[version], 'dist', one, 'raw'));

/** The file with the types of a part, as an import from the folder of what is written. */
function types(version, ...part) {
  for (const folder of folders(version).map((one) => join(one, ...part, 'x'))) {
    try {
      const found = readdirSync(folder).find((one) => one.endsWith('types.gen.d.ts'));
      if (found) return join(folder, found.replace(/\.d\.ts$/, ''));
    } catch { /* another folder, or a panel without types */ }
  }
  return undefined;
}

function without(object, keys) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function stripped(board) {
  return { ...board,
    templating: { list: board.templating.list.map((one) => without(one, UNTYPED.variables)) },
    annotations: { list: board.annotations.list.map((one) => without(one, UNTYPED.annotations)) } };
}

function source(board, version) {
  const lines = [`import type { Dashboard } from '${types(version, 'dashboard')}';`];
  const checks = [PLAIN, `export const board: Plain<Dashboard> = ${JSON.stringify(stripped(board), null, 1)};`];
  const panels = board.panels.flatMap((one) => [one, ...(one.panels ?? [])]).filter((one) => one.type !== 'row');
  for (const kind of new Set(panels.map((one) => one.type))) {
    const name = kind.replace('-', ''), path = types(version, 'composable', name, 'panelcfg');
    const own = panels.filter((one) => one.type === kind);
    if (!path) throw new Error(`Grafana ${version} has no types of ${kind}`);
    lines.push(`import type * as ${name} from '${path}';`);
    checks.push(`export const ${name}Options: Plain<${name}.Options>[] = ${JSON.stringify(own.map((one) => one.options), null, 1)};`);
    const drawn = own.map((one) => one.fieldConfig.defaults.custom).filter(Boolean);
    if (drawn.length) checks.push(`export const ${name}Drawing: Plain<${name}.FieldConfig>[] = ${JSON.stringify(drawn, null, 1)};`);
  }
  return [...lines, ...checks].join('\n');
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const file of readdirSync(dirname(here)).filter((one) => /^inference-.*\.json$/.test(one))) {
  const board = JSON.parse(readFileSync(join(dirname(here), file), 'utf8'));
  for (const version of Object.keys(SCHEMAS)) writeFileSync(join(out, `${board.uid}-${version}.ts`), source(board, version));
}
const options = { target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', strict: true, noEmit: true, skipLibCheck: true, types: [] };
writeFileSync(join(out, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
const found = spawnSync(process.execPath, [join(here, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', out], { encoding: 'utf8' });
process.stdout.write(found.stdout || 'the dashboards are what Grafana 11, 12 and 13 know\n');
process.exitCode = found.status;
