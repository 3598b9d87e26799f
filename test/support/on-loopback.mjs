// Preload (`node --import`) for servers that listen on the whole network at a port of their choice: has them listen on a free
// port of loopback, and say which on stdout.

import { Server } from 'node:net';

const { listen } = Server.prototype;

Server.prototype.listen = function (_port, ...rest) {
  this.once('listening', () => process.stdout.write(`port=${this.address().port}\n`));
  return listen.call(this, 0, '127.0.0.1', ...rest.filter((each) => typeof each === 'function'));
};
