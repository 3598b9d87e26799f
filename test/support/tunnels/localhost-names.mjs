// Has every name under localhost lead to loopback, as browsers do and not all systems: for programs that are given names there.
import dns from 'node:dns';

const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest);
