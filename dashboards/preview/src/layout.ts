/** Where panels are: rows that are closed or opened, panels and rows that are repeated. */

import type { Dashboard, PanelModel } from './types';
import type { Values } from './variables';

export interface Placed { key: string; panel: PanelModel; values: Values; row: boolean; open: boolean }

export const COLUMNS = 24;
export const CELL = 30; // pixels of a row of the grid
export const GAP = 8;

interface Section { head: PanelModel | null; panels: PanelModel[] }

/** Panels with their final places, from top to bottom; `opened` says which rows are open. */
export function arrange(board: Dashboard, values: Values, opened: (row: PanelModel) => boolean): Placed[] {
  const placed: Placed[] = [];
  let shift = 0; // how far what follows has moved down
  for (const { head, panels } of sections(board)) {
    for (const [index, own] of copies(head, values).entries()) {
      const open = !head || opened(head);
      if (head) {
        if (index) shift += 1;
        placed.push({ key: `${head.id}-${index}`, panel: moved(head, shift), values: own, row: true, open });
      }
      if (!open) continue;
      const top = head ? head.gridPos.y + 1 : 0;
      const { done, height } = repeated(panels, own, top, shift, `${head?.id ?? 0}-${index}`);
      placed.push(...done);
      const taken = bottom(panels) - top; // what the dashboard's own positions leave for it
      if (head?.collapsed) shift += height;
      else shift += height - Math.max(0, taken);
      if (index < copies(head, values).length - 1) shift += Math.max(0, taken);
    }
  }
  return placed;
}

function sections(board: Dashboard): Section[] {
  const found: Section[] = [{ head: null, panels: [] }];
  for (const panel of board.panels) {
    if (panel.type === 'row') found.push({ head: panel, panels: [...(panel.panels ?? [])] });
    else found[found.length - 1].panels.push(panel);
  }
  return found;
}

function copies(panel: PanelModel | null, values: Values): Values[] {
  const name = panel?.repeat;
  if (!name || !values[name]?.length) return [values];
  return values[name].map((one) => ({ ...values, [name]: [one] }));
}

function repeated(panels: PanelModel[], values: Values, top: number, shift: number, key: string) {
  const done: Placed[] = [];
  let more = 0;
  for (const panel of panels) {
    const all = copies(panel, values);
    const across = panel.repeatDirection === 'v' ? 1 : Math.min(all.length, panel.maxPerRow ?? 4);
    const width = panel.repeat && panel.repeatDirection !== 'v' ? Math.floor(COLUMNS / across) : panel.gridPos.w;
    all.forEach((own, index) => {
      const at = { ...panel.gridPos, w: width, x: panel.repeat ? (index % across) * width + (across === 1 ? panel.gridPos.x : 0) : panel.gridPos.x,
        y: panel.gridPos.y + more + shift + Math.floor(index / across) * panel.gridPos.h };
      done.push({ key: `${key}-${panel.id}-${index}`, panel: { ...panel, gridPos: at }, values: own, row: false, open: true });
    });
    more += (Math.ceil(all.length / across) - 1) * panel.gridPos.h;
  }
  return { done, height: Math.max(0, ...done.map((one) => one.panel.gridPos.y + one.panel.gridPos.h - top - shift)) };
}

function bottom(panels: PanelModel[]): number {
  return Math.max(0, ...panels.map((one) => one.gridPos.y + one.gridPos.h));
}

function moved(panel: PanelModel, by: number): PanelModel {
  return { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + by } };
}
