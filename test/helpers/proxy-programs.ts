/** nginx, HAProxy and Caddy, started with a configuration. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { getProgram, whyMissing } from './debian-programs.js';
import { type Running, runProcess, until } from './real-gateway.js';

export type ProxyName = 'nginx' | 'haproxy' | 'caddy';

/** @returns why one of the three programs is missing, or undefined */
export function whyNoProxies(): string | undefined {
  return whyMissing(['nginx', 'haproxy', 'caddy']);
}

/** What belongs around the text of the manual: where the program keeps its files, and that it opens no other port. */
const AROUND: Readonly<Record<ProxyName, (text: string, directory: string) => string>> = {
  nginx(text, directory) {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
    // As on a server.
    return `${process.getuid?.() === 0 ? 'user www-data;' : ''}
      daemon off;
      pid ${directory}/nginx.pid;
      error_log ${directory}/error.log;
      events {}
      http { access_log off; ${paths.join(' ')}\n${text} }`;
  },
  haproxy: (text) => text,
  caddy: (text) => `{\nadmin off\nauto_https disable_redirects\n}\n${text}`,
};

const ARGS: Readonly<Record<ProxyName, (file: string, directory: string) => string[]>> = {
  nginx: (file, directory) => ['-c', file, '-p', directory, '-e', join(directory, 'error.log')],
  haproxy: (file) => ['-db', '-f', file],
  caddy: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
};

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Runs a proxy until `stop`. @throws with its words when it refuses the configuration */
export async function startProxy(
  name: ProxyName,
  text: string,
  place: { port: number; directory: string },
): Promise<{ stop(): Promise<void> }> {
  const program = getProgram(name);
  const directory = join(place.directory, `${name}.${place.port}`);
  mkdirSync(directory);
  // Workers of nginx have another user, and read and write files there.
  chmodSync(place.directory, 0o711);
  const file = join(directory, 'configuration');
  writeFileSync(file, `${AROUND[name](text, directory)}\n`);
  const env = { ...program.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const running: Running = runProcess([program.path], ARGS[name](file, directory), { env, cwd: directory });
  const refused = running.done.then(({ stdout, stderr }) => Promise.reject(new Error(`${name} ended: ${stderr}${stdout}`)));
  await Promise.race([until(`${name} to listen`, () => accepts(place.port)), refused]);
  refused.catch(() => undefined);
  return {
    async stop() {
      // A master of nginx that is killed leaves its workers.
      running.child.kill(name === 'nginx' ? 'SIGTERM' : 'SIGKILL');
      await running.done;
      await until(`${name} to leave no process that listens`, async () => !(await accepts(place.port)));
    },
  };
}
