/** What the preview reads of Grafana's classic dashboard JSON. */

export interface GridPos { x: number; y: number; w: number; h: number }

export interface Target {
  refId: string;
  expr?: string;
  legendFormat?: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: boolean;
  exemplar?: boolean;
  hide?: boolean;
  datasource?: { type: string };
}

export interface PanelModel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: GridPos;
  interval?: string;
  targets?: Target[];
  fieldConfig?: any;
  options?: any;
  transformations?: any[];
  links?: any[];
  repeat?: string;
  repeatDirection?: 'h' | 'v';
  maxPerRow?: number;
  collapsed?: boolean;
  panels?: PanelModel[];
  datasource?: { type: string };
}

export interface VariableModel {
  name: string;
  label?: string;
  type: string;
  query?: any;
  definition?: string;
  regex?: string;
  sort?: number;
  hide?: number;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  current?: { value?: string | string[] };
  options?: { value: string; text: string; selected?: boolean }[];
}

export interface AnnotationModel {
  name: string;
  enable: boolean;
  expr: string;
  iconColor: string;
  titleFormat?: string;
  textFormat?: string;
}

export interface Dashboard {
  uid: string;
  title: string;
  time?: { from: string; to: string };
  panels: PanelModel[];
  templating: { list: VariableModel[] };
  annotations: { list: AnnotationModel[] };
}

/** A mark on the time axis: from and to are milliseconds. */
export interface Mark { name: string; color: string; title: string; from: number; to: number }

/** What was found while a page was drawn; `screenshots` writes it beside the pictures. */
export interface Report {
  dashboard: string;
  queries: number;
  seconds: number;
  empty: string[];
  failed: string[];
  undrawn: string[];
  standIns: string[];
  truncated: string[];
  legends: string[];
  /** What panels say in words and numbers, by title: a cell or value a line. */
  texts: Record<string, string>;
  height: number;
}
