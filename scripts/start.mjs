// `npm start` bridges the example configuration, unless the arguments say what to bridge.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const bridgesSomething = given.some((flag) =>
  /^(--$|--stdio|--named-?server|--config|-c|--help|-h|--version)/i.test(flag),
);
const args = bridgesSomething ? given : ['--config', `${root}config.example.json`, ...given];

const bridge = spawn(process.execPath, [`${root}dist/cli.js`, ...args], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bridge.kill(signal));
bridge.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
