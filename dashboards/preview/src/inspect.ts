/** Faults of layout that a machine can see once the page is drawn: they go into the report. */

import type { Report } from './types';

declare global { interface Window { report?: Report } }

const TEXTS = new Set(['stat', 'gauge', 'bargauge', 'table', 'text']);

export function inspect(report: Report) {
  for (const panel of document.querySelectorAll<HTMLElement>('.drawn-panel')) {
    const title = panel.dataset.title ?? '';
    const heading = panel.querySelector<HTMLElement>('h2');
    if (heading && heading.scrollWidth > heading.clientWidth + 1) report.truncated.push(title);
    if (TEXTS.has(panel.dataset.type ?? '')) report.texts[title] = panel.innerText;
    const plot = panel.querySelector<HTMLElement>('.u-wrap');
    if (plot && plot.getBoundingClientRect().height < panel.getBoundingClientRect().height * 0.4) report.legends.push(title);
  }
  report.height = Math.ceil(document.getElementById('page')!.getBoundingClientRect().height);
  window.report = report;
  document.title = `${report.dashboard}: drawn`;
}
