/** A configuration in force, from the part of it that a test is about. */
import { type Config, configSchema } from '../../shared/config/schema.js';

/** @throws what is wrong with it */
export function testConfig(part: Record<string, unknown> = {}): Config {
  return configSchema.parse(part);
}

/** A configuration with one webhook account, named `default`. */
export function webhookConfig(account: Record<string, unknown>): Config {
  return testConfig({ channels: { webhook: { accounts: { default: account } } } });
}
