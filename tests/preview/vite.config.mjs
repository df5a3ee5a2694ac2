import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// @grafana/scenes wants react-router-dom 6, @grafana/ui pins 5.3: Grafana bridges them in the same way.
const routerOfScenes = {
  name: 'router-of-scenes',
  enforce: 'pre',
  resolveId(id, importer) {
    if (id === 'react-router-dom' && importer?.includes('@grafana/scenes')) {
      return this.resolve('react-router-dom-v5-compat', importer, { skipSelf: true });
    }
  },
};

// Nothing is edited here, so the editors stay out of the build.
const EDITORS = /^(monaco-editor|@monaco-editor\/react|monaco-promql)(\/|$)/;
const noEditors = {
  name: 'no-editors',
  enforce: 'pre',
  resolveId: (id) => (EDITORS.test(id) ? '\0no-editor' : undefined),
  load: (id) =>
    id !== '\0no-editor'
      ? undefined
      : {
          code: `export default {};
            export const editor = {}, languages = {};
            export const loader = { config() {}, init: async () => ({}) };
            export const Editor = () => null, DiffEditor = () => null, useMonaco = () => null;`,
          syntheticNamedExports: true,
        },
};

export default defineConfig({
  plugins: [routerOfScenes, noEditors, react()],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'globalThis' },
  build: { chunkSizeWarningLimit: 20000, reportCompressedSize: false, sourcemap: false },
});
