import type { DataFrame, GrafanaTheme2, TimeRange } from '@grafana/data';
import type { Mark, PanelModel } from '../types';
import type { Values } from '../variables';

export interface DrawProps {
  panel: PanelModel;
  data: DataFrame[];
  width: number;
  height: number;
  theme: GrafanaTheme2;
  range: TimeRange;
  values: Values;
  marks: Mark[];
  exemplars: [number, number][];
}
