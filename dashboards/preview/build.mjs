// Bundles the page (src/app.tsx) and the two programs (serve.ts, screenshots.ts) into build/.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// A module of ES imports this CommonJS one as Node does, so its named export has to be put in place.
const scrollbars = {
  name: 'scrollbars',
  setup(it) {
    it.onResolve({ filter: /^react-custom-scrollbars-2$/ }, (asked) =>
      asked.namespace === 'scrollbars' ? undefined : { path: 'scrollbars', namespace: 'scrollbars' });
    it.onLoad({ filter: /.*/, namespace: 'scrollbars' }, () => ({
      contents: "import m from './node_modules/react-custom-scrollbars-2/lib/index.js';\nexport const Scrollbars = m.Scrollbars || m.default || m;\nexport default Scrollbars;",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    }));
  },
};

await build({
  entryPoints: ['src/app.tsx'], outdir: 'build', bundle: true, format: 'iife', minify: true, logLevel: 'error',
  mainFields: ['browser', 'module', 'main'], external: ['tty', 'util'], plugins: [scrollbars],
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: { '.svg': 'dataurl', '.ttf': 'dataurl', '.woff2': 'dataurl', '.woff': 'dataurl' }, jsx: 'automatic',
});
await build({
  entryPoints: ['serve.ts', 'screenshots.ts'], outdir: 'build', bundle: true, format: 'esm', platform: 'node',
  outExtension: { '.js': '.mjs' }, logLevel: 'error',
});
