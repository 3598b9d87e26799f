/** The package's public face: what `mcp-bridge` does, for programs. */
export type { AccessStatus } from './bridge/access.ts';
export { type Bridge, startBridge } from './bridge/bridge.ts';
export type { BridgeStatus, ServerStatus } from './bridge/status.ts';
export type { BridgeUrls } from './bridge/urls.ts';
export type { Prefix, ToolFilter } from './config/catalog-settings.ts';
export type {
  Auth,
  ExternalIssuer,
  Isolation,
  OutputTransport,
  Protocol,
  Settings,
  UpstreamSettings,
} from './config/settings.ts';
export { BridgeError, type BridgeErrorCode } from './errors.ts';
export { createLog, type Log, type LogLevel } from './log.ts';
