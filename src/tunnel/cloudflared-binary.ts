import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { BridgeError, messageOf } from '../errors.ts';
import { loadPackage } from './optional-package.ts';
import { readProgram } from './program.ts';
import type { TunnelSurroundings } from './tunnel.ts';

export interface CloudflaredSource extends Omit<DownloadOptions, 'ask' | 'signal'> {
  /** The program, if the owner says which. Default: `CLOUDFLARED_BIN` of the environment, then whatever is found. */
  readonly bin?: string | undefined;
  /** Whether it may be downloaded without asking. Default false. */
  readonly download?: boolean;
  /** Asks the owner whether to download it. Default: nobody can be asked, so the answer is no. */
  readonly ask?: DownloadOptions['ask'] | undefined;
}

export interface DownloadOptions {
  /** Where the bridge keeps what outlives it. */
  readonly folder: string;
  /** Puts a question to the owner. Nothing is fetched before the answer is yes. */
  readonly ask: (question: string) => Promise<boolean>;
  /** Hears of each piece that has come, in bytes. */
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  /** Default: the one for this machine. */
  readonly release?: Release | undefined;
}

export interface Release {
  /** Of the program, or of an archive (`.tgz`) that holds it. */
  readonly url: string;
  /** Of that file, in hexadecimal. */
  readonly sha256: string;
}

/**
 * The path of a cloudflared that works: the one that was named, on the PATH, of the npm package, or downloaded before. If there is none,
 * the owner is asked whether to download it. Rejects with `SPAWN` and how to install it.
 */
export async function findCloudflared(source: CloudflaredSource, surroundings: TunnelSurroundings): Promise<string> {
  const named = source.bin ?? process.env.CLOUDFLARED_BIN;
  if (named !== undefined) {
    if (await works(named, surroundings)) return named;
    throw new BridgeError(
      'SPAWN',
      `cloudflared: ${named} is not there, or does not run. Correct the path, or leave it out.`,
    );
  }
  for (const candidate of [...(await findOnPath()), ...(await findPackaged()), downloadedPath(source.folder)]) {
    if (await works(candidate, surroundings)) return candidate;
  }
  const { download = false, ask = async () => false } = source;
  if (download) surroundings.log.info(`Downloading cloudflared ${VERSION} from github.com/cloudflare`);
  return downloadCloudflared({ ...source, ask: download ? async () => true : ask, signal: surroundings.signal });
}

/**
 * Asks the owner, then fetches the pinned release into the state folder and checks it. Returns its path.
 * Rejects with `SPAWN` when the owner does not want that, or it fails; only a whole and genuine file is ever found there.
 */
export async function downloadCloudflared(options: DownloadOptions): Promise<string> {
  const { ask, release = RELEASES[`${process.platform}-${process.arch}`] } = options;
  const question = `cloudflared is not installed. Download version ${VERSION} (about 40 MB) from github.com/cloudflare?`;
  if (release === undefined || !(await ask(question)))
    throw new BridgeError('SPAWN', `cloudflared is not installed. ${INSTALL}`);

  try {
    return await install(release, options);
  } catch (cause) {
    throw new BridgeError('SPAWN', `cloudflared was not downloaded: ${messageOf(cause)}. ${INSTALL}`, { cause });
  }
}

async function install(release: Release, options: DownloadOptions): Promise<string> {
  const path = downloadedPath(options.folder);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(dirname(path), 'download-'));
  try {
    const program = await fetchProgram(release, work, options);
    await chmod(program, 0o700);
    await rename(program, path);
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const VERSION = '2026.8.2';

/** By platform and architecture. Each sum stands alike in at least three projects that pin this release. */
const RELEASES: Readonly<Record<string, Release>> = {
  'linux-x64': release('linux-amd64', 'fcfb02b575a52ca1af2e3267af4e1517bcdeb30ac48c834c69abaed3c0576ad2'),
  'linux-arm64': release('linux-arm64', '7747d94570fb390cf47dcb4f9555c193c6355cda9793f0d878d9049e5d6a7790'),
  'darwin-x64': release('darwin-amd64.tgz', 'f1727723c586500e2092368ae21871b3df7ddfd2cb097f22d81bee4a9c458bb4'),
  'darwin-arm64': release('darwin-arm64.tgz', '9042c2c5d8b2de78e60f313d5fb31b6c5c1cebde787a3caf1f2c9588084ac442'),
  'win32-x64': release('windows-amd64.exe', 'c29eee2b121f5436a642eed69fd9767da7e7b8c510fa50aaa130337f931357b5'),
};

function release(file: string, sha256: string): Release {
  return { url: `https://github.com/cloudflare/cloudflared/releases/download/${VERSION}/cloudflared-${file}`, sha256 };
}

const PROGRAM = process.platform === 'win32' ? 'cloudflared.exe' : 'cloudflared';

const INSTALL_BY_PLATFORM: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'brew install cloudflared',
  win32: 'winget install --id Cloudflare.cloudflared',
  linux: 'the deb or rpm of https://pkg.cloudflare.com',
};
const INSTALL = `Bring it with: ${INSTALL_BY_PLATFORM[process.platform] ?? 'the package of your system'}; or with: npm install -g cloudflared`;

/** The version is in its name, so that a bridge that pins another one does not find it. */
function downloadedPath(folder: string): string {
  return join(folder, 'bin', PROGRAM.replace('cloudflared', `cloudflared-${VERSION}`));
}

/** How long it is given to say its version. Milliseconds. */
const VERSION_LIMIT = 10_000;

async function works(command: string, surroundings: TunnelSurroundings): Promise<boolean> {
  const asked = readProgram({ name: 'cloudflared', command, args: ['--version'], limit: VERSION_LIMIT }, surroundings);
  return asked.then(
    () => true,
    (error) => {
      if (surroundings.signal.aborted) throw error;
      return false;
    },
  );
}

async function findOnPath(): Promise<readonly string[]> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const found = await Promise.all(folders.map((folder) => realpath(join(folder, PROGRAM)).catch(() => ''))); // Not there.
  // The command of the npm package is a script that downloads the program where it is missing, and does not ask.
  return found.filter((path) => path !== '' && !path.endsWith('.js'));
}

async function findPackaged(): Promise<readonly string[]> {
  try {
    const { bin } = await loadPackage('cloudflared');
    return typeof bin === 'string' ? [bin] : [];
  } catch {
    return []; // Not installed, or in a state that its owner will see when using it.
  }
}

async function fetchProgram(
  { url, sha256 }: Release,
  folder: string,
  { fetch: get = fetch, onProgress = () => {}, signal }: DownloadOptions,
): Promise<string> {
  const response = await get(url, signal && { signal });
  if (!response.ok || !response.body) throw new Error(`${url} answers ${response.status}`);
  const file = join(folder, 'fetched');
  const total = Number(response.headers.get('content-length')) || undefined;
  const hash = createHash('sha256');
  let received = 0;
  const watch = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      received += chunk.length;
      onProgress(received, total);
      yield chunk;
    }
  };
  await pipeline(response.body, watch, createWriteStream(file, { mode: 0o600 }));
  const found = hash.digest('hex');
  if (found !== sha256) throw new Error(`what came is not what was published (SHA-256 ${found} instead of ${sha256})`);
  if (!url.endsWith('.tgz')) return file;
  await promisify(execFile)('tar', ['-xzf', file, '-C', folder, 'cloudflared']);
  return join(folder, 'cloudflared');
}
