/** What every channel promises, whatever is behind it. */
import { describe, expect, test } from 'vitest';
import type { Channel, Delivery, SendOutcome } from '../../../../daemon/worker/channels/channel.js';
import type { ChannelHost } from '../../../../daemon/worker/channels/host.js';
import { ChannelRegistry } from '../../../../daemon/worker/channels/registry.js';

export interface ChannelHarness {
  readonly channel: Channel;
  readonly host: ChannelHost;
  /** An account that is set up, and a chat of it. */
  readonly accountId: string;
  readonly chatId: string;
  /** The texts that the other side has, in order. A channel without another side says that it has what was sent. */
  readonly received: (sent: readonly string[]) => readonly string[];
  /** Resolves when sends make sense. */
  untilReady(): Promise<void>;
}

/** Whether a send may succeed now, as the outbox asks. */
export function isReady(channel: Channel, accountId = 'default'): boolean {
  return new ChannelRegistry([channel]).isReady(channel.name, accountId);
}

/** One attempt, as the outbox makes it. */
export function sendOnce(channel: Channel, delivery: Delivery, signal = new AbortController().signal): Promise<SendOutcome> {
  return new ChannelRegistry([channel]).send(channel.name, delivery, signal);
}

async function sendAll(harness: ChannelHarness, content: string): Promise<string[]> {
  const { channel, accountId, chatId } = harness;
  const bodies = channel.compose({ id: 'msg_1', accountId, chatId, content, nowMs: 1_770_000_000_000 });
  const outcomes: string[] = [];
  for (const [index, body] of bodies.entries()) {
    const outcome = await sendOnce(channel, { id: `msg_1.${index + 1}`, accountId, chatId, body });
    outcomes.push(outcome.type);
  }
  return outcomes;
}

/** @param make  a fresh channel that is not started */
export function describeChannel(name: string, make: () => Promise<ChannelHarness>): void {
  describe(`the channel ${name}`, () => {
    test('is off and not ready until it is started', async () => {
      const { channel, accountId } = await make();
      expect(channel.name).toBe(name);
      expect(channel.health()).toEqual({ [accountId]: { state: 'off' } });
      expect(isReady(channel, accountId)).toBe(false);
    });

    test('knows its accounts, and no other', async () => {
      const { channel, accountId } = await make();
      expect(channel.findAccount(accountId)).toBe(accountId);
      expect(channel.findAccount(undefined)).toBe(accountId);
      expect(channel.findAccount('nobody')).toBeUndefined();
      expect(channel.findAccount('__proto__')).toBeUndefined();
      expect(channel.findAccount('constructor')).toBeUndefined();
    });

    test('runs and delivers once it is started', async () => {
      const harness = await make();
      await harness.channel.start(harness.host);
      await harness.untilReady();
      expect(harness.channel.health()).toEqual({ [harness.accountId]: { state: 'running' } });
      expect((await sendAll(harness, 'hello')).every((type) => type === 'delivered')).toBe(true);
      expect(harness.received(['hello'])).toEqual(['hello']);
      await harness.channel.stop();
    });

    test('composes the same text in the same way each time', async () => {
      const { channel, accountId, chatId } = await make();
      const message = { id: 'msg_1', accountId, chatId, content: 'a\n\n*b* `c` <d> & "e" \u{1F600}', nowMs: 1_770_000_000_000 };
      expect(channel.compose(message)).toEqual(channel.compose(message));
    });

    test('can be stopped twice, and started again', async () => {
      const harness = await make();
      await harness.channel.start(harness.host);
      await harness.untilReady();
      await Promise.all([harness.channel.stop(), harness.channel.stop()]);
      expect(isReady(harness.channel, harness.accountId)).toBe(false);
      expect(harness.channel.health()).toEqual({ [harness.accountId]: { state: 'off' } });
      await harness.channel.start(harness.host);
      await harness.untilReady();
      await harness.channel.stop();
    });

    test('leaves a message alone when it was stopped before the send', async () => {
      const harness = await make();
      await harness.channel.start(harness.host);
      await harness.untilReady();
      await harness.channel.stop();
      const outcomes = await sendAll(harness, 'late');
      expect(outcomes.every((type) => type === 'interrupted')).toBe(true);
      expect(harness.received([])).toEqual([]);
    });

    test('survives a change of the configuration that changes nothing', async () => {
      const harness = await make();
      await harness.channel.start(harness.host);
      await harness.untilReady();
      await harness.channel.reconfigure();
      expect(isReady(harness.channel, harness.accountId)).toBe(true);
      await harness.channel.stop();
    });
  });
}
