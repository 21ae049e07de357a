/** The host of channels, in memory. */
import type { ChannelHost, ChannelIntake, IncomingMessage } from '../../daemon/worker/channels/host.js';

export class IntakeMemory implements ChannelIntake {
  readonly taken: IncomingMessage[] = [];
  readonly cursors = new Map<string, number>();
  readonly owned = new Set<string>();
  /** Sources that another live worker reads. */
  readonly foreign = new Set<string>();
  /** Fails the next takes. */
  failures = 0;

  async store({ messages, cursor }: Parameters<ChannelIntake['store']>[0]): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the disk is full');
    }
    this.taken.push(...messages);
    this.cursors.set(cursor.scope, cursor.position);
  }

  async readCursor(scope: string): Promise<number | undefined> {
    return this.cursors.get(scope);
  }

  async acquire(source: string): Promise<boolean> {
    if (this.foreign.has(source)) return false;
    this.owned.add(source);
    return true;
  }

  async release(source: string): Promise<void> {
    this.owned.delete(source);
  }
}

/** A host without a gateway. */
export function testHost(options: Partial<ChannelHost> = {}): ChannelHost {
  return { intake: new IntakeMemory(), commands: [], accountReady: () => undefined, ...options };
}
