import { fixture } from '../support/fixtures.ts';
import { describeCell } from './cell.ts';
import { OF_2026, OF_2026_WITH_SERVER_OF_2025 } from './exceptions.ts';

/** Unless it is told otherwise, the bridge speaks to such a server as to one of 2025. */
const ANY = { conformance: fixture('conformance-server', '--era', 'both') };
const PINNED = { conformance: { ...fixture('conformance-server', '--era', 'both'), protocol: '2026' } };

describeCell({
  title: 'a server of both eras',
  requirements: '2025-11-25',
  servers: ANY,
});

describeCell({
  title: 'a server of both eras that is spoken to in 2026',
  requirements: '2025-11-25',
  servers: PINNED,
});

describeCell({
  title: 'a server of both eras',
  requirements: '2026-07-28',
  servers: ANY,
  exceptions: OF_2026_WITH_SERVER_OF_2025,
});

describeCell({
  title: 'a server of both eras that is spoken to in 2026',
  requirements: '2026-07-28',
  servers: PINNED,
  exceptions: OF_2026,
});
