// There is no Tempo behind the preview: a panel that asks it says so.
import { PluginType } from '@grafana/data';
import { RuntimeDataSource } from '@grafana/scenes';

export class Tempo extends RuntimeDataSource {
  constructor() {
    super('tempo', 'preview-tempo');
    (this as any).meta = { id: 'tempo', name: 'Tempo', type: PluginType.datasource, info: { logos: {} } };
  }

  async query(): Promise<any> {
    return { data: [] };
  }
}
