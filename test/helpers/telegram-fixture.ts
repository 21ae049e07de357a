/** The Telegram channel over the fake Bot API. */
import { onTestFinished } from 'vitest';
import type { Channel } from '../../daemon/worker/channels/channel.js';
import type { ChannelHost } from '../../daemon/worker/channels/host.js';
import { createTelegramChannel } from '../../daemon/worker/channels/telegram/telegram.js';
import * as late from '../../daemon/worker/lazy/late.js';
import { systemClock, type Clock } from '../../shared/clock.js';
import type { Config } from '../../shared/config/schema.js';
import { type FakeTelegram, startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { IntakeMemory } from './host-memory.js';
import { logMemory, type LogMemory } from './log-memory.js';
import { testConfig } from './test-config.js';

export interface TelegramFixture {
  readonly fake: FakeTelegram;
  readonly channel: Channel;
  readonly host: ChannelHost;
  readonly intake: IntakeMemory;
  readonly log: LogMemory;
  /** Resolves once the account `default` can be sent with. */
  readonly untilReady: () => Promise<void>;
  readonly setConfig: (account: Record<string, unknown>) => void;
  readonly setAccounts: (accounts: Record<string, unknown>) => void;
}

export function telegramConfig(fake: FakeTelegram, account: Record<string, unknown> = {}): Record<string, unknown> {
  return { channels: { telegram: { accounts: { default: { botToken: TOKEN, apiRoot: fake.apiRoot, dmPolicy: 'open', ...account } } } } };
}

/** A channel that is not started. */
export async function makeTelegram(
  options: { account?: Record<string, unknown>; clock?: Clock; accounts?: Record<string, unknown> } = {},
): Promise<TelegramFixture> {
  const fake = await startFakeTelegram();
  const intake = new IntakeMemory();
  const log = logMemory();
  const ready = new Set<() => void>();
  const parse = (account?: Record<string, unknown>): Config =>
    options.accounts === undefined
      ? testConfig(telegramConfig(fake, account))
      : testConfig({ channels: { telegram: { accounts: options.accounts } } });
  let config = parse(options.account);
  const channel = createTelegramChannel({
    config: () => config,
    clock: options.clock ?? systemClock,
    logger: log,
    load: () => late,
    random: () => 0,
  });
  const host: ChannelHost = {
    intake,
    commands: [
      { name: 'help', summary: 'lists the commands' },
      { name: 'not-for-telegram', summary: 'x' },
    ],
    accountReady: () => {
      for (const resolve of ready) resolve();
    },
  };
  onTestFinished(() => channel.stop());
  return {
    fake,
    channel,
    host,
    intake,
    log,
    untilReady: () =>
      new Promise((resolve) => {
        if (channel.account('default')?.isReady() === true) resolve();
        else ready.add(resolve);
      }),
    setConfig: (account) => void (config = parse(account)),
    setAccounts: (accounts) => void (config = testConfig({ channels: { telegram: { accounts } } })),
  };
}
