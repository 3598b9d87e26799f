/** The package's public face: what `mcp-bridge` does, for programs. */
export type { AccessStatus } from './access.ts';
export { type Bridge, type BridgeStatus, type BridgeUrls, type ServerStatus, startBridge } from './bridge.ts';
export type {
  Auth,
  ExternalIssuer,
  Isolation,
  OutputTransport,
  Prefix,
  Protocol,
  Settings,
  ToolFilter,
  UpstreamSettings,
} from './config/settings.ts';
export { BridgeError, type BridgeErrorCode } from './errors.ts';
export { createLog, type Log, type LogLevel } from './log.ts';
