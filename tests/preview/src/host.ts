// What Grafana's application gives its packages at run time: registries, services, the runner of queries.
import * as D from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import * as R from '@grafana/runtime';
import { Observable, from } from 'rxjs';
import { plugins } from './panels';
import { Prometheus } from './prometheus';
import { Tempo } from './tempo';

const noEditor: any = () => null;

export async function installHost(prometheus: Prometheus) {
  await initPluginTranslations('grafana');
  D.standardFieldConfigEditorRegistry.setInit(standardFields as any);
  D.standardEditorsRegistry.setInit(() => EDITORS.map((id) => ({ id, name: id, editor: noEditor })) as any);
  D.standardTransformersRegistry.setInit(transformers as any);
  R.setAppEvents(new D.EventBusSrv() as any);
  R.setTemplateSrv({ getVariables: () => [], replace: (text: any) => text, containsTemplate: () => false, updateTimeRange() {} } as any);
  R.setDataSourceSrv(sources(prometheus) as any);
  R.setPluginImportUtils({
    importPanelPlugin: async (id: string) => {
      throw new Error(`a panel of type ${id} has no preview`);
    },
    getPanelPluginFromCache: (id: string) => plugins[id],
  } as any);
  R.setRunRequest(run as any);
}

const EDITORS = ['number', 'slider', 'text', 'strings', 'boolean', 'select', 'radio', 'multi-select', 'unit', 'color', 'fieldColor']
  .concat(['thresholds', 'mappings', 'links', 'actions', 'stats-picker', 'timezone', 'field-name', 'fieldName', 'dashboard-uid']);

function standardFields(): any[] {
  const numeric = (field: any) => field.type === D.FieldType.number;
  const field = (id: string, process: any, more: any = {}) => ({
    ...{ id, path: id, name: id, process, editor: noEditor, override: noEditor, settings: {}, shouldApply: () => true },
    ...more,
  });
  const steps = [{ value: -Infinity, color: 'green' }, { value: 80, color: 'red' }];
  return [
    field('unit', D.unitOverrideProcessor, { shouldApply: numeric }),
    field('min', D.numberOverrideProcessor, { shouldApply: numeric }),
    field('max', D.numberOverrideProcessor, { shouldApply: numeric }),
    field('decimals', D.numberOverrideProcessor, { shouldApply: numeric }),
    field('displayName', D.displayNameOverrideProcessor),
    field('noValue', D.stringOverrideProcessor),
    field('color', D.identityOverrideProcessor, { defaultValue: { mode: D.FieldColorModeId.Thresholds } }),
    field('thresholds', D.thresholdsOverrideProcessor, { defaultValue: { mode: 'absolute', steps } }),
    field('mappings', D.valueMappingsOverrideProcessor, { defaultValue: [] }),
    field('links', D.dataLinksOverrideProcessor),
  ];
}

function transformers() {
  const known = new Map(Object.values(D.standardTransformers).map((one: any) => [one.id, one]));
  return [...known.values()].map((one) => ({ id: one.id, name: one.name, editor: noEditor, transformation: async () => one }));
}

function sources(prometheus: Prometheus) {
  const tempo = new Tempo();
  const settings = [prometheus, tempo].map((one: any) => ({ name: one.meta.name, uid: one.uid, type: one.type, meta: one.meta }));
  const place = (ref: any) => (ref?.type === tempo.type || [ref, ref?.uid].includes(tempo.uid) ? 1 : 0);
  return {
    get: async (ref: any) => [prometheus, tempo][place(ref)],
    getInstanceSettings: (ref: any) => settings[place(ref)],
    getList: (filter: any = {}) => settings.filter((one) => !filter.pluginId || one.type === filter.pluginId),
    registerRuntimeDataSource() {},
    reload() {},
  };
}

function run(source: any, request: any) {
  return new Observable<any>((listener) => {
    const empty = { series: [], timeRange: request.range, request };
    listener.next({ ...empty, state: D.LoadingState.Loading });
    const asked = from(source.query(request)).subscribe({
      next: ({ data, errors }: any) => {
        const state = errors?.length ? D.LoadingState.Error : D.LoadingState.Done;
        listener.next({ ...empty, series: data.map((frame: any) => D.toDataFrame(frame)), state, errors, error: errors?.[0] });
        listener.complete();
      },
      error: (error: any) => {
        const errors = [{ message: String(error?.message ?? error) }];
        listener.next({ ...empty, state: D.LoadingState.Error, errors, error: errors[0] });
        listener.complete();
      },
    });
    return () => asked.unsubscribe();
  });
}
