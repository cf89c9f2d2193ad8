/** Tables by Grafana. */

import React from 'react';
import { Table } from '@grafana/ui';
import type { DrawProps } from './props';

export function TablePanel({ panel, data, width, height }: DrawProps) {
  return (
    <Table data={data[0]} width={width} height={height} cellHeight={panel.options?.cellHeight ?? 'sm'}
      initialSortBy={panel.options?.sortBy} noHeader={panel.options?.showHeader === false} />
  );
}
