import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture, writeProgram } from '../../tunnel/programs.ts';
import './played-edge.mjs';

/** An executable that behaves as cloudflared does, to the requests that go through its quick tunnel. */
export interface PlayedCloudflared {
  /** Its path. Its file is called `cloudflared`. */
  readonly bin: string;
  /** What other Node processes need to reach its tunnels, and to trust them; this one only has to trust them. */
  readonly env: { readonly NODE_OPTIONS: string; readonly NODE_EXTRA_CA_CERTS: string };
  /** The certificate of its tunnels. */
  readonly ca: Buffer;
  /** Takes it away. */
  remove(): Promise<void>;
}

/** Needs OpenSSL, for a certificate. */
export async function playCloudflared(): Promise<PlayedCloudflared> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-bridge-cloudflared-'));
  const remove = () => rm(folder, { recursive: true });
  try {
    const cert = makeCertificate(folder);
    return {
      bin: await writeProgram(folder, 'cloudflared', fixture('cloudflared', `carries:${folder}`)),
      env: { NODE_OPTIONS: `--import ${EDGE}`, NODE_EXTRA_CA_CERTS: cert },
      ca: await readFile(cert),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

const EDGE = new URL('played-edge.mjs', import.meta.url).href;

/** Returns the file of the certificate, which nobody has signed but itself. */
function makeCertificate(folder: string): string {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  const names = ['-subj', '/CN=trycloudflare.com', '-addext', 'subjectAltName=DNS:*.trycloudflare.com'];
  execFileSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return cert;
}
