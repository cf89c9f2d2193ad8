/** Text as Grafana renders Markdown. */

import React from 'react';
import { renderMarkdown } from '@grafana/data';
import { inText } from '../variables';
import type { DrawProps } from './props';

export function TextPanel({ panel, values, height }: DrawProps) {
  const text = inText(panel.options?.content ?? '', values);
  const html = panel.options?.mode === 'html' ? text : renderMarkdown(text);
  return <div className="markdown-html" style={{ height, overflow: 'hidden', padding: '0 8px' }} dangerouslySetInnerHTML={{ __html: html }} />;
}
