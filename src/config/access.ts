import { resolve } from 'node:path';
import { BridgeError } from '../errors.ts';
import type { BridgeOptions } from './defaults.ts';
import type { FlagValues } from './flag-table.ts';
import { isLoopback } from './loopback.ts';
import type { Auth, ExternalIssuer, Settings } from './settings.ts';
import { makesOrigin } from './tunnel.ts';

/**
 * Settles what of the settings about access hangs together: how clients prove who they are, and whose tokens count.
 *
 * @throws BridgeError `USAGE` when an issuer is described, but not named.
 */
export function resolveAccess(
  options: AccessOptions,
  told: FlagValues,
  cwd: string,
): Pick<Settings, 'auth' | 'external' | 'stateFolder'> {
  const external = resolveIssuer(options.external, told);
  return {
    auth: options.auth === 'auto' ? chooseAuth(options, external) : options.auth,
    external,
    stateFolder: options.stateFolder === undefined ? undefined : resolve(cwd, options.stateFolder),
  };
}

type AccessOptions = BridgeOptions & Pick<Settings, 'tunnel'>;

function chooseAuth(
  { outputTransport, dangerouslyNoAuth, publicUrl, tunnel, host, token }: AccessOptions,
  external: ExternalIssuer | undefined,
): Auth {
  if (outputTransport === 'stdio' || dangerouslyNoAuth) return 'none';
  if (external !== undefined) return 'external';
  if (publicUrl !== undefined || makesOrigin(tunnel) || !isLoopback(host)) return 'oauth';
  // Whoever has set a token expects that it is asked for, on loopback too.
  return token === undefined ? 'none' : 'token';
}

function resolveIssuer(
  external: Partial<ExternalIssuer>,
  { issuer = external.issuer, audience }: FlagValues,
): ExternalIssuer | undefined {
  if (issuer !== undefined) {
    const { jwksUri, ...rest } = external;
    // Keys that the file names are those of the issuer that it names.
    const keys = jwksUri !== undefined && issuer === (external.issuer ?? issuer) ? { jwksUri } : {};
    return { scopes: [], subjects: [], ...rest, ...keys, issuer, ...(audience !== undefined && { audience }) };
  }
  const [key] = audience === undefined ? Object.keys(external) : ['audience'];
  if (key === undefined) return undefined;
  throw new BridgeError('USAGE', `${key} is about the tokens of an issuer, and none is named; add --issuer URL`);
}
