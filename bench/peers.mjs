import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_TIMEOUT_MS = 180_000;

/** Resolves with `{ name, version, bin }` of each peer of package.json that is here, installed now if need be. */
export async function installPeers({ log }) {
  const { dependencies } = readJson(join(FOLDER, 'package.json'));
  const wanted = Object.entries(dependencies);
  const isHere = ([name, version]) => findPeer(name)?.version === version;
  if (!wanted.every(isHere)) {
    log(`installing ${wanted.map((peer) => peer.join(' ')).join(' and ')} into bench/node_modules`);
    const problem = await npmInstall();
    if (problem) log(`the peers could not be installed (${problem}); going on without those that are missing`);
  }
  return wanted.filter(isHere).map(([name]) => findPeer(name));
}

function findPeer(name) {
  const folder = join(FOLDER, 'node_modules', name);
  try {
    const { version, bin } = readJson(join(folder, 'package.json'));
    return { name, version, bin: join(folder, bin[name]) };
  } catch {
    return undefined; // Not installed, or half installed: npm is asked again.
  }
}

/** Resolves with what went wrong, if anything. Without install scripts: one of the peers' dependencies downloads in its own. */
function npmInstall() {
  const flags = ['--prefix', FOLDER, '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = spawn('npm', ['install', ...flags, '--loglevel', 'error'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
    timeout: INSTALL_TIMEOUT_MS,
  });
  let errors = '';
  npm.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  return new Promise((resolve) => {
    npm.once('error', (error) => resolve(error.message));
    npm.once('close', (code) =>
      resolve(code === 0 ? undefined : errors.trim().split('\n')[0] || `npm exited with ${code}`),
    );
  });
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
