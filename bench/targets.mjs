/**
 * The figures, in the order of the report. `better` says which way is good, `targets` what mcp-bridge is to reach:
 * its figure divided by that of `against`, which is a variant or 'best peer', the better of those that answered
 * rightly, in the same run. `of` names another figure to divide by. Only for 'limit' the target is the figure itself.
 */
export const FIGURES = [
  figure('echo-100B', '100 B echo, p50', 'ms', 'less', [
    { against: 'http-floor', atMost: 2 },
    { against: 'best peer', atMost: 0.6 },
  ]),
  figure('echo-100KB', '100 KB echo, p50', 'ms', 'less'),
  figure('echo-1MB', '1 MB echo, p50', 'ms', 'less', [
    { against: 'http-floor', atMost: 1.6 },
    { against: 'best peer', atMost: 0.5 },
  ]),
  figure('calls-1', '64 in flight, 1 session', 'calls/s', 'more', [
    { against: 'http-floor', atLeast: 0.5 },
    { against: 'best peer', atLeast: 3.5 },
  ]),
  figure('calls-16', '64 in flight, 16 sessions', 'calls/s', 'more', [
    { against: 'http-floor', atLeast: 0.5 },
    { against: 'best peer', atLeast: 3.5 },
  ]),
  figure('cpu', 'bridge CPU per call', 'µs', 'less', [
    { against: 'http-floor', atMost: 2.2 },
    { against: 'best peer', atMost: 0.25 },
  ]),
  figure('progress', '1,000 progress + result', 'ms', 'less', [
    { against: 'http-floor', atMost: 1.5 },
    { against: 'supergateway', atMost: 0.35 },
  ]),
  // supergateway sends these to the call beside it, so its time without one is what there is to compare with.
  figure('progress-busy', 'the same, a call in flight', 'ms', 'less', [
    { against: 'http-floor', atMost: 1.5 },
    { against: 'supergateway', of: 'progress', atMost: 0.35 },
  ]),
  figure('start', 'cold start to tools/list', 'ms', 'less', [
    { against: 'direct stdio', atMost: 2.5 },
    { against: 'best peer', atMost: 0.55 },
  ]),
  figure('sessions', 'sessions opened', '1/s', 'more', [
    { against: 'http-floor', atLeast: 0.5 },
    { against: 'best peer', atLeast: 1.8 },
  ]),
  figure('rss-idle', 'bridge RSS, idle', 'MiB', 'less', [
    { against: 'limit', atMost: 65 },
    { against: 'best peer', atMost: 0.65 },
  ]),
  figure('rss-sessions', 'bridge RSS, 200 sessions', 'MiB', 'less', [
    { against: 'limit', atMost: 80 },
    { against: 'best peer', atMost: 0.65 },
  ]),
];

function figure(id, label, unit, better, targets = []) {
  return { id, label, unit, better, targets };
}
