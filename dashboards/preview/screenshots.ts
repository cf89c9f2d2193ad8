/**
 * A picture of every dashboard with headless Chromium, and a report of what could not be drawn.
 *
 *     node build/screenshots.mjs [--prometheus URL] [--output FOLDER] [--width 1600] [--themes dark,light]
 *                                [--only UID,…] [--from now-1h] [--var model=credit]… [--open]
 *                                [--step 1s]   (between two points at least, instead of what panels say)
 *
 * Chromium is told what to do through two pipes (the DevTools protocol), so nothing is listening.
 */

import { ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import type { Report } from './src/types';
import { COMMON, serve } from './serve';

const WAIT = 90_000;

class Browser {
  private answers = new Map<number, { done: (result: any) => void; failed: (error: Error) => void }>();
  private number = 0;
  private session?: string;
  private folder = mkdtempSync(join(tmpdir(), 'preview-'));
  private process: ChildProcess;
  private rest = '';

  constructor(program: string) {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--disable-quic', '--no-first-run', '--hide-scrollbars', '--remote-debugging-pipe', `--user-data-dir=${this.folder}`];
    this.process = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    (this.process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.take(text));
  }

  private take(text: string) {
    const parts = (this.rest + text).split('\0');
    this.rest = parts.pop()!;
    for (const part of parts) {
      const { id, result, error } = JSON.parse(part);
      const waiting = this.answers.get(id);
      this.answers.delete(id);
      if (error) waiting?.failed(new Error(error.message));
      else waiting?.done(result);
    }
  }

  private send(method: string, parameters: object = {}, session = this.session): Promise<any> {
    const id = ++this.number;
    (this.process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params: parameters, sessionId: session })}\0`);
    return new Promise((done, failed) => this.answers.set(id, { done, failed }));
  }

  async open(width: number) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    this.session = (await this.send('Target.attachToTarget', { targetId, flatten: true }, undefined)).sessionId;
    await this.size(width, 1200);
  }

  private size(width: number, height: number) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** The page once it says that it is drawn: its picture and its report. */
  async picture(url: string, width: number): Promise<{ png: Buffer; report: Report }> {
    await this.size(width, 1200);
    await this.send('Page.navigate', { url });
    const end = Date.now() + WAIT;
    let report: Report | undefined;
    while (!report) {
      if (Date.now() > end) throw new Error(`${url} was not drawn in ${WAIT / 1000} s`);
      await new Promise((done) => setTimeout(done, 200));
      const { result } = await this.send('Runtime.evaluate', { expression: `location.href === ${JSON.stringify(url)} ? window.report : undefined`, returnByValue: true });
      report = result.value;
    }
    await this.size(width, report.height);
    await new Promise((done) => setTimeout(done, 400));
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', clip: { x: 0, y: 0, width, height: report.height, scale: 1 } });
    return { png: Buffer.from(data, 'base64'), report };
  }

  async close() {
    const ended = new Promise((done) => this.process.once('exit', done));
    this.send('Browser.close', {}, undefined).catch(() => this.process.kill());
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

function chromium(): string {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].find((one) => spawnSync(one, ['--version']).status === 0);
  if (!found) throw new Error('no Chromium is installed');
  return found;
}

const { values } = parseArgs({ options: { ...COMMON,
  output: { type: 'string', default: 'screenshots' }, width: { type: 'string', default: '1600' },
  themes: { type: 'string', default: 'dark,light' }, only: { type: 'string', default: '' },
  from: { type: 'string', default: '' }, to: { type: 'string', default: 'now' },
  step: { type: 'string', default: '' },
  var: { type: 'string', multiple: true, default: [] }, open: { type: 'boolean', default: false } } });
const width = Number(values.width);
mkdirSync(values.output!, { recursive: true });
const { server, url, boards } = await serve(values.prometheus!.replace(/\/$/, ''), 0, values.boards!);
const browser = new Browser(chromium());
const reports: Report[] = [];
try {
  await browser.open(width);
  const wanted = values.only ? values.only.split(',') : boards;
  for (const board of wanted) {
    for (const theme of values.themes!.split(',')) {
      const query = new URLSearchParams(values.from ? { from: values.from, to: values.to! } : {});
      for (const one of values.var!) query.append(`var-${one.split('=')[0]}`, one.slice(one.indexOf('=') + 1));
      query.set('theme', theme);
      query.set('width', String(width));
      if (values.step) query.set('step', values.step);
      if (values.open) query.set('rows', 'open');
      const { png, report } = await browser.picture(`${url}/d/${board}?${query}`, width);
      const name = join(values.output!, `${board}-${theme}.png`);
      writeFileSync(name, png);
      console.log(`${name}  ${width}×${report.height}, ${report.queries} queries, ${report.seconds} s`);
      if (theme === values.themes!.split(',')[0]) reports.push(report);
    }
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
writeFileSync(join(values.output!, 'report.json'), `${JSON.stringify(reports, null, 1)}\n`);
for (const report of reports) {
  for (const kind of ['failed', 'undrawn', 'empty', 'truncated', 'legends'] as const) {
    for (const one of report[kind]) console.log(`${report.dashboard}: ${kind}: ${one}`);
  }
}
process.exitCode = reports.some((one) => one.failed.length) ? 1 : 0;
