/** The package's version; the build puts it in. */
export const VERSION = process.env.MCP_BRIDGE_VERSION ?? '0.0.0-dev';
