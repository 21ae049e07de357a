/** A network in front of a server on this machine: each byte arrives that much later. `node delay-proxy.mjs PORT TARGET MS` */
import { connect, createServer } from 'node:net';

const [port, target, ms] = process.argv.slice(2).map(Number);

function pass(from, to) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), ms));
  from.on('close', () => setTimeout(() => to.destroy(), ms));
  from.on('error', () => undefined);
}

createServer({ noDelay: true }, (client) => {
  const server = connect({ port: target, host: '127.0.0.1', noDelay: true });
  pass(client, server);
  pass(server, client);
}).listen(port, '127.0.0.1');
