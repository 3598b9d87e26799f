// Bundles the CLI and the library into dist/. Bundled, because a cold start is something users wait for:
// the config schema's library alone takes 100 ms to load from its many files, and a few after tree shaking.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
/** Newer versions of Node warn of what this old package asks them for. */
const quietHttpProxy = {
  name: 'quiet-http-proxy',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules[/\\]http-proxy[/\\].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll("require('util')._extend", 'Object.assign'),
    }));
  },
};

const { metafile } = await build({
  entryPoints: { cli: 'src/cli.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Some packages' `main` is a UMD file that no bundler can follow.
  mainFields: ['module', 'main'],
  chunkNames: 'chunks/[name]-[hash]',
  metafile: true,
  plugins: [quietHttpProxy],
  sourcemap: 'linked',
  sourcesContent: false,
  define: { 'process.env.MCP_BRIDGE_VERSION': JSON.stringify(version) },
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: "import { createRequire as bridgeRequire } from 'node:module'; const require = bridgeRequire(import.meta.url);",
  },
});
removeStale(metafile);
chmodSync('dist/cli.js', 0o755);
writeLicences(metafile);
writeTypes();

/** Chunks of earlier builds go last: a bridge that runs meanwhile may still load one. */
function removeStale({ outputs }) {
  for (const name of readdirSync('dist/chunks')) {
    if (!(`dist/chunks/${name}` in outputs)) rmSync(`dist/chunks/${name}`);
  }
}

/** The licences of what the bundle contains, as their terms ask. */
function writeLicences({ inputs }) {
  const folders = new Set(Object.keys(inputs).flatMap((file) => file.match(/^node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []));
  const texts = [...folders].sort().map((folder) => {
    const licence = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${licence ? readFileSync(join(folder, licence), 'utf8') : ''}`;
  });
  writeFileSync('dist/THIRD-PARTY-LICENSES.txt', texts.join('\n\n----------\n\n'));
}

function writeTypes() {
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '..', 'bin', 'tsc');
  if (!existsSync(tsc)) throw new Error('typescript is not installed: run npm install');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
}
