/** The host of channels, in memory. */
import type { ButtonPress, ChannelHost, ChannelIntake, IncomingMessage, PressAnswer } from '../../daemon/worker/channels/host.js';

export class IntakeMemory implements ChannelIntake {
  readonly taken: IncomingMessage[] = [];
  readonly pressed: ButtonPress[] = [];
  readonly cursors = new Map<string, number>();
  /** When they were stored. Default: just now. */
  storedAtMs = Infinity;
  readonly owned = new Set<string>();
  /** Accounts that another live worker serves, such as `telegram/default`. */
  readonly foreign = new Set<string>();
  validMs = Infinity;
  /** Fails the next takes. */
  failures = 0;

  async store({ messages, presses, cursor }: Parameters<ChannelIntake['store']>[0]): Promise<PressAnswer[]> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the disk is full');
    }
    this.taken.push(...messages);
    this.pressed.push(...presses);
    this.cursors.set(cursor.scope, cursor.position);
    return presses.map(({ id, decision }) => ({ id, text: decision }));
  }

  async readCursor(scope: string): ReturnType<ChannelIntake['readCursor']> {
    const position = this.cursors.get(scope);
    return position === undefined ? undefined : { position, updatedAtMs: this.storedAtMs };
  }

  async acquire(channel: string, accountId: string): Promise<boolean> {
    const account = `${channel}/${accountId}`;
    if (this.foreign.has(account)) return false;
    this.owned.add(account);
    return true;
  }

  async release(channel: string, accountId: string): Promise<void> {
    this.owned.delete(`${channel}/${accountId}`);
  }

  validForMs(): number {
    return this.validMs;
  }
}

/** A host without a gateway. */
export function testHost(options: Partial<ChannelHost> = {}): ChannelHost {
  return { intake: new IntakeMemory(), commands: [], accountReady: () => undefined, ...options };
}
