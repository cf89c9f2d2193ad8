/**
 * A page per dashboard on loopback; what it asks goes on to Prometheus.
 *
 *     node build/serve.mjs [--prometheus URL] [--port 3001] [--boards FOLDER]
 */

import { createReadStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { IncomingMessage, Server, ServerResponse, createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const KINDS: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };

export interface Served { server: Server; url: string; boards: string[] }

/** Serve until the server is closed; port 0 takes any. */
export async function serve(prometheus: string, port: number, folder: string): Promise<Served> {
  const boards = readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  const server = createServer((request, response) => {
    answer(request, response, prometheus, folder, boards).catch((error) => {
      response.writeHead(502, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ status: 'error', error: `${prometheus}: ${error.cause?.code ?? error.message}` }));
    });
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const address = server.address() as { port: number };
  return { server, url: `http://127.0.0.1:${address.port}`, boards };
}

async function answer(request: IncomingMessage, response: ServerResponse, prometheus: string, folder: string, boards: string[]) {
  const url = new URL(request.url ?? '/', 'http://preview');
  if (request.method !== 'GET') return void response.writeHead(405).end();
  if (url.pathname.startsWith('/api/v1/')) {
    const found = await fetch(`${prometheus}${url.pathname}${url.search}`);
    response.writeHead(found.status, { 'content-type': 'application/json' });
    return void response.end(Buffer.from(await found.arrayBuffer()));
  }
  const board = /^\/boards\/([\w-]+)\.json$/.exec(url.pathname)?.[1];
  if (board && boards.includes(board)) return file(response, join(folder, `${board}.json`));
  const built = /^\/(app\.(?:js|css))$/.exec(url.pathname)?.[1];
  if (built) return file(response, join(HERE, 'build', built));
  const page = /^\/d\/([\w-]+)/.exec(url.pathname)?.[1];
  if (page && boards.includes(page)) return html(response, '<div id="root"></div><script src="/app.js"></script>');
  if (url.pathname !== '/') return void response.writeHead(404).end('no such page');
  const links = boards.map((one) => `<li><a href="/d/${one}${url.search}">${title(folder, one)}</a></li>`).join('');
  html(response, `<body style="font-family: sans-serif; margin: 2em"><h1>Dashboards</h1><ul>${links}</ul><p>Prometheus: ${prometheus}</p>`);
}

function title(folder: string, board: string): string {
  return JSON.parse(readFileSync(join(folder, `${board}.json`), 'utf8')).title;
}

function file(response: ServerResponse, path: string) {
  if (!existsSync(path)) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': KINDS[path.slice(path.lastIndexOf('.'))] });
  createReadStream(path).pipe(response);
}

function html(response: ServerResponse, body: string) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><meta charset="utf-8"><title>drawing</title><link rel="stylesheet" href="/app.css"><body style="margin:0">${body}`);
}

export const COMMON = {
  prometheus: { type: 'string', default: 'http://127.0.0.1:9090' },
  boards: { type: 'string', default: resolve(HERE, '..') },
} as const;

if (process.argv[1]?.endsWith('serve.mjs')) {
  const { values } = parseArgs({ options: { ...COMMON, port: { type: 'string', default: '3001' } } });
  const { url } = await serve(values.prometheus!.replace(/\/$/, ''), Number(values.port), values.boards!);
  console.log(`${url}  draws ${values.boards} with ${values.prometheus}; Ctrl-C ends it`);
}
