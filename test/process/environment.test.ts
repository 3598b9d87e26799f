import { expect, it } from 'vitest';
import { childEnvironment } from '../../src/process/environment.ts';

const SECRETS = {
  OPENAI_API_KEY: 'planted',
  GITHUB_TOKEN: 'planted',
  NPM_TOKEN: 'planted',
  AWS_SECRET_ACCESS_KEY: 'planted',
  MCP_BRIDGE_TOKEN: 'planted',
  SSH_AUTH_SOCK: 'planted',
  NODE_OPTIONS: 'planted',
  LD_PRELOAD: 'planted',
  UV_PUBLISH_TOKEN: 'planted',
  UV_INDEX_WORK_PASSWORD: 'planted',
  UV_INDEX_URL: 'https://ann:planted@example.com/simple',
  UV_DEFAULT_INDEX: 'https://planted@example.com/simple',
  XDG_APP_TOKEN: 'planted',
  npm_config__auth: 'planted',
  npm_config__authToken: 'planted',
  'npm_config_//registry.example.com/:_authToken': 'planted',
  npm_config_package: 'planted',
  npm_config_registry: 'https://ann:planted@example.com/',
  PATHOLOGY: 'planted',
  MY_PATH: 'planted',
  'BASH_FUNC_ls%%': '() { planted; }',
  SHELL: '() { planted; }',
  LC_ALL: '() { planted; }',
};

it.each(['linux', 'darwin', 'win32'] as const)(
  'lets nothing of the parent through that is not on the list on %s',
  (platform) => {
    const seen = childEnvironment({}, { ...SECRETS, PATH: '/bin' }, platform);
    expect(seen).toEqual({ PATH: '/bin' });
  },
);

it('keeps what programs and npx, uvx and docker need on POSIX', () => {
  const needed = {
    PATH: '/bin',
    HOME: '/home/ann',
    USER: 'ann',
    LOGNAME: 'ann',
    SHELL: '/bin/sh',
    LANG: 'C',
    LC_CTYPE: 'C',
    TERM: 'xterm',
    TMPDIR: '/tmp',
    TZ: 'UTC',
    XDG_RUNTIME_DIR: '/run/user/1',
    DISPLAY: ':0',
    XAUTHORITY: '/home/ann/.Xauthority',
    HTTPS_PROXY: 'http://ann:pass@proxy:3128',
    https_proxy: 'http://proxy:3128',
    no_proxy: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    SSL_CERT_DIR: '/certs',
    npm_config_registry: 'https://registry.example.com/',
    NPM_CONFIG_CACHE: '/cache',
    'npm_config_@work:registry': 'https://registry.example.com/',
    npm_config_https_proxy: 'http://proxy:3128',
    npm_config_prefer_offline: 'true',
    NVM_DIR: '/nvm',
    VOLTA_HOME: '/volta',
    PNPM_HOME: '/pnpm',
    UV_CACHE_DIR: '/uv',
    UV_INDEX_URL: 'https://example.com/simple',
    DOCKER_HOST: 'ssh://ann@example.com',
  };
  expect(childEnvironment({}, { ...needed, UNSET: undefined, HTTP_PROXY: undefined }, 'linux')).toEqual(needed);
});

it('keeps what programs need on Windows, where case does not count', () => {
  const needed = {
    Path: 'C:\\bin',
    PATHEXT: '.EXE',
    ComSpec: 'C:\\cmd.exe',
    SystemRoot: 'C:\\Windows',
    windir: 'C:\\Windows',
    APPDATA: 'C:\\a',
    LOCALAPPDATA: 'C:\\l',
    ProgramFiles: 'C:\\p',
    'ProgramFiles(x86)': 'C:\\x',
    ProgramW6432: 'C:\\w',
    'CommonProgramFiles(x86)': 'C:\\c',
    USERPROFILE: 'C:\\u',
    TEMP: 'C:\\t',
    PROCESSOR_ARCHITECTURE: 'AMD64',
    HTTPS_PROXY: 'http://proxy:3128',
  };
  expect(childEnvironment({}, needed, 'win32')).toEqual(needed);
});

it('does not take Windows names for POSIX ones', () => {
  expect(childEnvironment({}, { Path: 'x', home: 'x', APPDATA: 'x' }, 'linux')).toEqual({});
});

it('adds what was configured, secrets included, and lets it win', () => {
  const seen = childEnvironment({ PATH: '/opt/bin', API_TOKEN: 'mine' }, { PATH: '/bin', HOME: '/root' }, 'linux');
  expect(seen).toEqual({ PATH: '/opt/bin', HOME: '/root', API_TOKEN: 'mine' });
});

it("lets a configured name replace the parent's in another case on Windows only", () => {
  expect(childEnvironment({ PATH: 'mine' }, { Path: 'x' }, 'win32')).toEqual({ PATH: 'mine' });
  expect(childEnvironment({ https_proxy: 'mine' }, { HTTPS_PROXY: 'x' }, 'linux')).toEqual({
    https_proxy: 'mine',
    HTTPS_PROXY: 'x',
  });
});
