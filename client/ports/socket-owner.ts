/** Trusts a control socket only if no other user could have created it. */
import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../../shared/errors.js';
import { shellCommand } from '../../shared/text/shell-word.js';

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/** There is no socket; the lock shows whether a gateway runs nevertheless. */
export function noSocket(path: string, reason: string): GatewayError {
  return new GatewayError('NOT_RUNNING', {
    message: 'the gateway is not running',
    details: { controlPath: path, reason },
    hint: 'Start it with: xopc gateway start',
  });
}

function notOurs(path: string, reason: string, hint: string): GatewayError {
  return new GatewayError('CONTROL_UNREACHABLE', {
    message: `the control socket ${path} cannot be trusted: ${reason}`,
    details: { controlPath: path, untrusted: true },
    hint,
  });
}

/** Whether the gateway was not even asked, because another user may have created its socket. */
export function isUntrusted(error: GatewayError): boolean {
  return error.details?.['untrusted'] === true;
}

/**
 * Checks that the socket and its directory belong to this user and that no one else can write there.
 * @throws NOT_RUNNING when there is no socket; CONTROL_UNREACHABLE when it is another user's
 */
export function assertOwnSocket(path: string): void {
  const uid = process.getuid?.();
  // Named pipes of Windows have access rights of their own.
  if (uid === undefined) return;
  try {
    const socket = lstatSync(path);
    const directory = statSync(dirname(path));
    if (!socket.isSocket()) throw noSocket(path, 'not a socket');
    if (socket.uid !== uid)
      throw notOurs(path, `it belongs to user id ${socket.uid}, this command runs as ${uid}`, 'Run the command as that user.');
    if (directory.uid !== uid)
      throw notOurs(
        path,
        `its directory belongs to user id ${directory.uid}, this command runs as ${uid}`,
        `Change its owner with: ${shellCommand`sudo chown ${uid} ${dirname(path)}`}`,
      );
    if ((directory.mode & 0o022) !== 0)
      throw notOurs(path, 'others may write to its directory', `Close it with: ${shellCommand`chmod 700 ${dirname(path)}`}`);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (codeOf(error) === 'EACCES') throw notOurs(path, 'its directory belongs to another user', 'Run the command as that user.');
    throw noSocket(path, codeOf(error));
  }
}
