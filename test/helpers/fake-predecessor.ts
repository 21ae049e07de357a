/** A successor's link to a fake predecessor. */
import { EventEmitter } from 'node:events';
import { type ParentChannel, PredecessorLink } from '../../daemon/supervisor/succession/predecessor-link.js';
import { FakeClock } from './fake-clock.js';

export const DRAIN_MS = 5_000;

/** The parent: its end of the channel, and its process. */
class Parent extends EventEmitter {
  connected = true;
  readonly received: { type: string }[] = [];
  kills = 0;
  /** Its process; false also where its exit is not waited for. */
  isLiving = false;
  hastened = 0;

  kill(): void {
    this.kills += 1;
  }

  isAlive(): boolean {
    return this.isLiving;
  }

  hasten(): void {
    this.hastened += 1;
  }

  send(...[message, , , callback]: Parameters<NonNullable<ParentChannel['send']>>): boolean {
    this.received.push(message as { type: string });
    callback(null);
    return true;
  }

  says(message: object, handle?: object): void {
    this.emit('message', message, handle);
  }

  leaves(): void {
    this.connected = false;
    this.emit('disconnect');
  }
}

export interface Successor {
  readonly link: PredecessorLink;
  readonly parent: Parent;
  readonly clock: FakeClock;
  types(): string[];
}

export function successor(): Successor {
  const parent = new Parent();
  const clock = new FakeClock();
  return {
    link: new PredecessorLink(clock, { channel: parent, parent }),
    parent,
    clock,
    types: () => parent.received.map(({ type }) => type),
  };
}

/** A successor that has lock and sockets. */
export async function handedOver(): Promise<Successor> {
  const made = successor();
  const handed = made.link.takeOver();
  made.parent.says({ type: 'handOver', host: '::', port: 1001 }, {});
  await handed;
  return made;
}

/** Whether a promise has settled, without waiting for one that has not. */
export async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let hasSettled = false;
  promise?.then(() => (hasSettled = true)).catch(() => (hasSettled = true));
  await new Promise((resolve) => setImmediate(resolve));
  return hasSettled;
}
