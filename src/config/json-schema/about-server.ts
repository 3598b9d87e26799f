// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what config files hold
import { SERVER } from '../shapes.ts';
import { about, helpOf } from './about.ts';

/** What a server's entry and `bridge` have in common. */
export const COMMON_KEYS = {
  protocol: { text: helpOf('protocol'), default: 'auto' },
  isolation: { text: helpOf('isolation'), default: 'auto' },
  startTimeout: {
    text: 'How long a server may take to start: 500ms, 90s, 5m, 1h, or a number of milliseconds.',
    default: '2m',
  },
  callTimeout: { text: 'How long a call may take; 0 is no limit.', default: 0 },
  maxLinks: { text: 'Processes at once for one server.', default: 16 },
  idleTimeout: {
    text: 'Stop a process that had no call for so long; 0 is never. A stopped process forgets.',
    default: 0,
  },
  lazy: { text: helpOf('lazy'), default: false },
  schemas: {
    text: 'strict: schemas of tools are mended until remote clients take them, and what cannot be mended is hidden. original: they stay as they are.',
    default: 'strict',
  },
  results: 'What of results is kept from clients.',
};

export const ABOUT_SERVER = about('server', SERVER, {
  ...COMMON_KEYS,
  maxMessage: {
    text: 'Longest message from the server: 64kb, 10MB, 10MiB, or a number of bytes.',
    default: '64MiB',
  },
  command: { text: 'The program. No shell is involved.', examples: ['npx'] },
  args: {
    text: 'Arguments of the program.',
    examples: [['-y', '@modelcontextprotocol/server-filesystem', '${workspaceFolder}']],
  },
  env: {
    text: "Variables for the server, besides a short list of harmless ones of the bridge's own. ${VAR} takes the value of one.",
    examples: [{ TOKEN: '${TOKEN}' }],
  },
  env_vars: "Names of the bridge's own variables to pass on.",
  envFile: 'A file of KEY=VALUE lines; env wins over it.',
  cwd: "Working folder, from the file's folder on. Default: the bridge's own.",
  shell: { text: "Whether command and args are one line for the system's shell.", default: false },
  type: 'How the server is reached: it is started.',
  transport: 'The same as type.',
  disabled: 'true leaves the server out.',
  enabled: 'false leaves the server out.',
  tools: 'Which tools are offered.',
  override: {
    text: "What is said of tools in the server's place, by globs over its own names for them. Of several that match, later ones win.",
    examples: [{ read_file: { description: { prepend: 'Use this when ...' } } }],
  },
  overridePrompts: 'The same for prompts.',
  overrideResources: 'The same for resources, by globs over URIs.',
  enabled_tools: "Codex's word for tools.allow.",
  includeTools: "Gemini's word for tools.allow.",
  disabled_tools: "Codex's word for tools.deny.",
  disabledTools: "Roo's word for tools.deny.",
  excludeTools: "Gemini's word for tools.deny.",
  startup_timeout_sec: "Codex's word for startTimeout, in seconds.",
  startup_timeout_ms: "Codex's word for startTimeout, in milliseconds.",
  tool_timeout_sec: "Codex's word for callTimeout, in seconds.",
});
