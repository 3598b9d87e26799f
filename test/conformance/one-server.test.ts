import { fixture } from '../support/fixtures.ts';
import { describeCell } from './cell.ts';
import { OF_2026, OF_2026_WITH_SERVER_OF_2025 } from './exceptions.ts';

const serverOf = (era: '2025' | '2026') => ({ conformance: fixture('conformance-server', '--era', era) });

describeCell({
  title: 'a server of 2025',
  requirements: '2025-11-25',
  servers: serverOf('2025'),
});

describeCell({
  title: 'a server of 2026',
  requirements: '2025-11-25',
  servers: serverOf('2026'),
});

describeCell({
  title: 'a server of 2025',
  requirements: '2026-07-28',
  servers: serverOf('2025'),
  exceptions: OF_2026_WITH_SERVER_OF_2025,
});

describeCell({
  title: 'a server of 2026',
  requirements: '2026-07-28',
  servers: serverOf('2026'),
  exceptions: OF_2026,
});
