import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from './exemplary-server.ts';

/** A certificate for 127.0.0.1 that nobody has signed but itself. */
export interface Certificate extends Disposable {
  /** Of the certificate, for programs that shall trust it. */
  readonly file: string;
  /** Makes a server with it. */
  readonly create: NonNullable<ServerOptions['create']>;
}

/** Whether certificates can be made here. */
export const HAS_OPENSSL = isThere('openssl', 'version');

/** Has OpenSSL make one that is good for some days from now. */
export function makeCertificate(days: number): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-bridge-certificate-'));
  const [file, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days)];
  const names = ['-subj', '/CN=doctor.test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', file], { stdio: 'ignore' });
  const options = { cert: readFileSync(file), key: readFileSync(key) };
  return {
    file,
    create: (listener) => createServer(options, listener),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function isThere(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false; // Then the tests that need it are left out.
  }
}
