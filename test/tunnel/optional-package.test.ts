import { describe, expect, it } from 'vitest';
import { loadPackage } from '../../src/tunnel/optional-package.ts';
import { installGlobally } from './programs.ts';

const NAME = '@nobody-has/this-one';

describe('a package that only some need', () => {
  it('is found among the global ones, wherever the bridge is', async () => {
    await installGlobally(NAME, { 'package.json': '{"main": "main.js"}', 'main.js': 'exports.forward = 1;' });
    expect(await loadPackage(NAME)).toMatchObject({ forward: 1 });
  });

  it('is found there also when it can only be imported', async () => {
    const manifest = { type: 'module', exports: { '.': { types: './main.d.ts', import: './main.js' } } };
    await installGlobally(NAME, { 'package.json': JSON.stringify(manifest), 'main.js': 'export const pipenet = 1;' });
    expect(await loadPackage(NAME)).toMatchObject({ pipenet: 1 });
  });

  it('that is nowhere is asked for with the command that brings it', async () => {
    await expect(loadPackage(NAME)).rejects.toMatchObject({
      code: 'SPAWN',
      message: `the package ${NAME} is not installed; bring it with: npm install -g ${NAME}`,
    });
  });
});
