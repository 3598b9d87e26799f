import { fixture } from '../support/fixtures.ts';
import { describeCell } from './cell.ts';
import { OF_2026, OF_2026_WITH_SERVER_OF_2025 } from './exceptions.ts';

const OLD_WITH_NEW = {
  conformance: fixture('conformance-server', '--era', '2025'),
  beside: fixture('beside-server', '--era', '2026'),
};
const NEW_WITH_OLD = {
  conformance: fixture('conformance-server', '--era', '2026'),
  beside: fixture('beside-server', '--era', '2025'),
};

describeCell({
  title: 'a server of 2025 beside one of 2026',
  requirements: '2025-11-25',
  servers: OLD_WITH_NEW,
});

describeCell({
  title: 'a server of 2026 beside one of 2025',
  requirements: '2025-11-25',
  servers: NEW_WITH_OLD,
});

describeCell({
  title: 'a server of 2025 beside one of 2026',
  requirements: '2026-07-28',
  servers: OLD_WITH_NEW,
  exceptions: OF_2026_WITH_SERVER_OF_2025,
});

describeCell({
  title: 'a server of 2026 beside one of 2025',
  requirements: '2026-07-28',
  servers: NEW_WITH_OLD,
  exceptions: OF_2026,
});
