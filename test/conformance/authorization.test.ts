import { expect, it } from 'vitest';
import { fixtureLine } from '../support/fixtures.ts';
import { runAuthorizationSuite } from '../support/oauth/authorization-suite.ts';
import { startGuardedBridge } from '../support/oauth/owner.ts';

it('the official conformance suite passes its scenarios of authorization servers', async () => {
  await using bridge = await startGuardedBridge(['--stdio', fixtureLine('echo-server', '--tools', 'echo')]);
  const checks = await runAuthorizationSuite(bridge);
  const outcomes = Object.entries(checks).map(([id, { status, errorMessage }]) => [id, status, errorMessage]);
  expect(outcomes.toSorted()).toEqual([
    ['authorization-code-grant', 'SUCCESS', undefined],
    ['authorization-server-metadata', 'SUCCESS', undefined],
    ['authorization-server-metadata-cimd', 'SUCCESS', undefined],
  ]);
});
