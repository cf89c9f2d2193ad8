/** Grafana's registries, filled once, and its way from frames to fields that can be drawn. */

import {
  DataFrame, FieldConfigOptionsRegistry, GrafanaTheme2, ScopedVars, applyFieldOverrides, locationUtil,
  standardFieldConfigEditorRegistry, standardTransformers, standardTransformersRegistry, transformDataFrame,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';
import type { PanelModel } from './types';
import { inText, Values } from './variables';

const STANDARD = ['unit', 'decimals', 'min', 'max', 'displayName', 'color', 'thresholds', 'mappings', 'noValue', 'links',
  'fieldMinMax', 'actions', 'filterable'];
const CUSTOM = ['lineWidth', 'fillOpacity', 'drawStyle', 'lineStyle', 'lineInterpolation', 'showPoints', 'pointSize',
  'spanNulls', 'stacking', 'axisPlacement', 'axisLabel', 'thresholdsStyle', 'fillBelowTo', 'hideFrom', 'width', 'align',
  'cellOptions', 'axisSoftMin', 'axisSoftMax', 'axisColorMode', 'gradientMode', 'scaleDistribution', 'barAlignment',
  'minWidth', 'inspect', 'hidden', 'axisWidth', 'axisGridShow', 'axisCenteredZero', 'axisBorderShow', 'insertNulls',
  'legend', 'tooltip', 'transform', 'barWidthFactor', 'wrapText'];

function option(id: string, path = id): any {
  return { id, path, name: id, description: '', isCustom: id !== path, process: (value: any) => value, override: null,
    editor: null, shouldApply: () => true, settings: {} };
}

standardFieldConfigEditorRegistry.setInit(() => STANDARD.map((id) => option(id)));
standardTransformersRegistry.setInit(() => {
  const byId = new Map(Object.values(standardTransformers).map((one: any) => [one.id, one]));
  return [...byId.values()].map((one: any) => ({
    id: one.id, name: one.name, transformation: async () => one, editor: () => null, imageDark: '', imageLight: '' })) as any;
});
const registry = new FieldConfigOptionsRegistry(() =>
  [...STANDARD.map((id) => option(id)), ...CUSTOM.map((id) => option(`custom.${id}`, id))] as any);
locationUtil.initialize({ config: { appSubUrl: '' } as any, getVariablesUrlParams: () => ({}), getTimeRangeForUrl: () => ({}) as any });

/** Which transformations there are to apply. */
export const TRANSFORMATIONS = Object.values(standardTransformers).map((one: any) => one.id as string);

/** A text with variables, and with what a link knows of the cell or point it is on. */
export function interpolator(values: Values) {
  return (text: string, scoped?: ScopedVars): string => {
    const context = scoped?.__dataContext?.value as any;
    const own = (text ?? '').replace(/\$\{__(data\.fields|field\.labels)\.(\w+)\}/g, (whole, kind, name) => {
      if (!context) return whole;
      if (kind === 'field.labels') return context.field?.labels?.[name] ?? '';
      const field = context.frame.fields.find((one: any) => one.name === name || one.state?.displayName === name || one.config.displayName === name);
      return field ? encodeURIComponent(String(field.values[context.rowIndex ?? 0] ?? '')) : '';
    });
    return inText(own, values);
  };
}

/** Transformations, then defaults and overrides: what panels draw. */
export async function prepared(panel: PanelModel, raw: DataFrame[], values: Values, theme: GrafanaTheme2): Promise<DataFrame[]> {
  const replace = interpolator(values);
  const known = (panel.transformations ?? []).filter((one) => !one.disabled);
  const data = known.length ? await lastValueFrom(transformDataFrame(known, raw, { interpolate: replace } as any)) : raw;
  return applyFieldOverrides({
    data,
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    replaceVariables: replace as any,
    theme,
    fieldConfigRegistry: registry as any,
    timeZone: 'utc',
  });
}
