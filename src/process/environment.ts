type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of a child: what programs need to run at all, and what was configured. Nothing else of the parent's, so that the
 * bridge's and the owner's tokens stay where they are. On Windows, where case does not count, a configured name replaces the parent's.
 *
 * Not passed although often set: `SSH_AUTH_SOCK` (lets any server sign with the owner's keys) and `NODE_OPTIONS` (runs code, opens
 * debuggers). Who needs one of them configures it.
 */
export function childEnvironment(
  configured: Readonly<Record<string, string>>,
  parent: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const isWindows = platform === 'win32';
  const allowed = [...(isWindows ? WINDOWS : POSIX), ...TOOLS];
  const replaced = new Set(Object.keys(configured).map((name) => (isWindows ? name.toUpperCase() : name)));

  const inherited = Object.entries(parent).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    const key = isWindows ? name.toUpperCase() : name;
    return value !== undefined && !replaced.has(key) && allowed.some((rule) => rule.test(key)) && !isUnfit(key, value);
  });
  return Object.fromEntries([...inherited, ...Object.entries(configured)]);
}

const POSIX = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TERM|TMPDIR|TZ|XDG_\w+)$/,
  // Browsers with a window (Playwright and Puppeteer servers) end at once without their display.
  /^(DISPLAY|WAYLAND_DISPLAY|XAUTHORITY)$/,
];

const WINDOWS = [
  /^(PATH|PATHEXT|COMSPEC|SYSTEMROOT|SYSTEMDRIVE|WINDIR|TEMP|TMP|OS|NUMBER_OF_PROCESSORS|PROCESSOR_ARCHITE\w+)$/,
  /^(APPDATA|LOCALAPPDATA|PROGRAMDATA|ALLUSERSPROFILE|PUBLIC|(COMMON)?PROGRAM(FILES|W6432)(\(X86\))?)$/,
  /^(USERNAME|USERDOMAIN|USERPROFILE|HOME|HOMEDRIVE|HOMEPATH|COMPUTERNAME|LANG|TERM|TZ)$/,
];

/** Without these, npx, uvx and docker find neither the network nor what they have installed. */
const TOOLS = [
  // A proxy's address may hold its password, yet behind that proxy nothing installs without it.
  /^(HTTPS?|ALL|NO)_PROXY$/i,
  /^(NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|NODE_USE_ENV_PROXY|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)$/,
  // By name: npm itself sets dozens, and those of an outer `npx --package` would change what an inner npx starts.
  /^npm_config_(registry|@[^:]+:registry|cache|userconfig|globalconfig|prefix|(https?[-_])?proxy|noproxy|cafile|strict[-_]ssl|(prefer[-_])?offline)$/i,
  /^(NVM_DIR|FNM_DIR|VOLTA_HOME|PNPM_HOME|BUN_INSTALL|ASDF_DIR|ASDF_DATA_DIR|MISE_DATA_DIR|PYENV_ROOT|COREPACK_HOME)$/,
  /^UV_\w+$/,
  /^DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)$/,
];

/**
 * Families of names must not let a secret through (`UV_PUBLISH_TOKEN`, an index with a password in its address), nor a function that
 * bash exported: those start with `() `.
 */
function isUnfit(name: string, value: string): boolean {
  const isSecret = /TOKEN|PASSWORD|SECRET|CREDENTIAL|AUTH(?!ORITY)/i.test(name) || /https?:\/\/[^/\s]*@/i.test(value);
  return (isSecret && !/_PROXY$/i.test(name)) || value.startsWith('() ');
}
