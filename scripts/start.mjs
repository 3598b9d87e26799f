// `npm start` bridges the example configuration, unless the arguments say what to bridge.
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const bridgesSomething = given.some((flag) =>
  /^(--$|--stdio|--named-?server|--config|-c|--help|-h|--version)/i.test(flag),
);
if (!bridgesSomething) process.argv.splice(2, 0, '--config', `${root}config.example.json`);
await import('../dist/cli.js');
