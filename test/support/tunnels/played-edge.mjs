// Has the names that the played cloudflared gives lead to its edge: `played-PORT.trycloudflare.com`, at whatever port, is that port of loopback.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const NAME = /^played-(\d+)\.trycloudflare\.com$/;

for (const resolver of [dns, dns.promises]) {
  const lookup = resolver.lookup;
  resolver.lookup = (name, ...rest) => lookup(NAME.test(name) ? '127.0.0.1' : name, ...rest);
}
syncBuiltinESMExports();

const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const [options] = args.flat(); // Within Node, what it is called with comes in an array.
  const [, port] = NAME.exec(options?.host) ?? [];
  if (port !== undefined) options.port = Number(port);
  return connect.apply(this, args);
};
