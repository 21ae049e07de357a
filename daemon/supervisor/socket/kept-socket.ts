/**
 * systemd's file descriptor store (sd_pid_notify_with_fds(3), FDSTORE=1; FileDescriptorStoreMax= in the unit) keeps the listening
 * socket open while the supervisor is being replaced or after it was killed: new connections wait in the kernel's backlog instead
 * of being refused. systemd passes the socket to the next supervisor by name, and closes it when the service stops.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type GatewayEnvironment, KEPT_SOCKET_NAME, notifyEnvironment } from '../../../shared/node/process/env.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import { type Address, adoptListenSocket, bindListenSocket, inheritListenSocket, type ListenSocket } from './listen-socket.js';

/** systemd passes its first socket as descriptor 3. */
const FIRST_PASSED_FD = 3;

/** Runs systemd-notify, which waits until systemd has processed the message. @returns whether it succeeded */
async function notify(args: readonly string[], fd: number | 'ignore'): Promise<boolean> {
  try {
    const child = spawn('systemd-notify', [...args], { env: notifyEnvironment(), stdio: ['ignore', 'ignore', 'ignore', fd] });
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch {
    return false; // not installed, or too few descriptors, processes or memory to start it
  }
}

const forget = (): Promise<boolean> => notify(['FDSTOREREMOVE=1', `FDNAME=${KEPT_SOCKET_NAME}`], 'ignore');

/** Stores our listening socket in systemd and retrieves the stored one; does nothing without a descriptor store. */
export class SocketKeeper {
  readonly #isOffered: boolean;
  readonly #log: Logger;
  #kept: ListenSocket | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: { isOffered: boolean; log: Logger }) {
    this.#isOffered = options.isOffered;
    this.#log = options.log;
  }

  /** Returns the passed socket, the kept socket, or a new one. @throws PORT_TAKEN, CONFIG_INVALID */
  async open(address: Address, environment: Pick<GatewayEnvironment, 'listenFds' | 'isSocketKept'>): Promise<ListenSocket> {
    if (environment.listenFds === 0) return bindListenSocket(address.host, address.port);
    const passed = inheritListenSocket(FIRST_PASSED_FD);
    if (environment.isSocketKept !== true) return passed;
    // The configured address may have changed meanwhile.
    if (await passed.isAt(address)) return (this.#kept = adoptListenSocket(passed.handle, { host: address.host, origin: 'bound' }));
    passed.close();
    await forget();
    return bindListenSocket(address.host, address.port);
  }

  /** Stores this socket in place of the current one. Never rejects. */
  keep(socket: ListenSocket): Promise<void> {
    if (this.#isOffered && socket.origin === 'bound' && socket !== this.#kept) {
      this.#kept = socket;
      this.#last = this.#last.then(() => this.#replace(socket));
    }
    return this.#last;
  }

  async #replace(socket: ListenSocket): Promise<void> {
    const { fd } = socket;
    if (fd === undefined || fd < 0) return;
    // Without FDPOLL=0 systemd drops a socket that no worker listens on yet, because poll(2) reports it as hung up.
    const message = ['--fd=3', `--fdname=${KEPT_SOCKET_NAME}`, 'FDSTORE=1', 'FDPOLL=0'];
    const isKept = (await forget()) && (await notify(message, fd));
    if (!isKept) this.#log.warn('systemd does not store the listening socket; connections are refused while the supervisor is replaced');
  }
}
