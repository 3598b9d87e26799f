import type { Settings } from '../config/settings.ts';

export interface BridgeUrls {
  /** Streamable HTTP; `undefined` when only SSE is served. */
  readonly mcp: string | undefined;
  /** HTTP+SSE; `undefined` when only Streamable HTTP is served. */
  readonly sse: string | undefined;
  /** The first of these as it is reached from outside; `undefined` when it is not. */
  readonly public: string | undefined;
  /** Status and readiness, on loopback. */
  readonly local: string;
}

export interface Origins {
  /** Of the MCP port on this machine. */
  readonly own: string;
  /** Where that is reached from outside; `undefined` when it is not. */
  readonly public: string | undefined;
  readonly local: string;
}

type Paths = Pick<Settings, 'outputTransport' | 'streamableHttpPath' | 'ssePath'>;

/** @param base what stands before the paths. */
export function urlsAt(
  origins: Origins,
  { outputTransport, streamableHttpPath, ssePath }: Paths,
  base: string,
): BridgeUrls {
  const mcp = outputTransport === 'sse' ? undefined : base + streamableHttpPath;
  const sse = outputTransport === 'streamableHttp' ? undefined : base + ssePath;
  return {
    mcp: mcp && origins.own + mcp,
    sse: sse && origins.own + sse,
    public: origins.public && origins.public + (mcp ?? sse),
    local: origins.local,
  };
}
