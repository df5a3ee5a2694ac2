// From a variable's JSON to a scene's variable.
import * as S from '@grafana/scenes';

export function toVariable(written: any): S.SceneVariable {
  const common = { name: written.name, label: written.label, hide: written.hide ?? 0, skipUrlSync: written.skipUrlSync };
  const current = { value: written.current?.value ?? '', text: written.current?.text ?? '' };
  switch (written.type) {
    case 'datasource':
      return new S.DataSourceVariable({ ...common, ...current, pluginId: written.query, regex: written.regex ?? '' });
    case 'textbox':
      return new S.TextBoxVariable({ ...common, value: written.current?.value ?? written.query });
    case 'query':
      return new S.QueryVariable({
        ...common,
        ...current,
        allValue: written.allValue,
        datasource: written.datasource,
        defaultToAll: written.includeAll,
        includeAll: written.includeAll,
        isMulti: written.multi,
        query: written.query,
        refresh: written.refresh,
        regex: written.regex ?? '',
        sort: written.sort,
      });
    default:
      throw new Error(`a variable of type ${written.type} has no preview`);
  }
}
