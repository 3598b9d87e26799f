// Has every name under localhost lead to loopback, as browsers do and not all systems: for programs that are given names there.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

for (const resolver of [dns, dns.promises]) {
  const lookup = resolver.lookup;
  resolver.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest);
}
syncBuiltinESMExports();
