// Preload (`node --import`) that lets the conformance suite start on Node 20: it imports `globSync` from `fs`, which came with Node 22.
// A builtin's list of exports cannot be extended, so the suite is handed a module that re-exports all of `fs` and adds the name.
// Only a subcommand that the tests do not use calls it.

import fs from 'node:fs';
import module from 'node:module';

const fsWithGlobSync = dataUrl(`
  export * from 'node:fs';
  export function globSync() { throw new Error('fs.globSync needs Node 22'); }
`);

const hooks = dataUrl(`
  export const resolve = (specifier, context, next) =>
    specifier === 'fs' && context.parentURL?.includes('/conformance/')
      ? { url: ${JSON.stringify(fsWithGlobSync)}, shortCircuit: true }
      : next(specifier, context);
`);

if (!('globSync' in fs)) module.register(hooks);

function dataUrl(source) {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
