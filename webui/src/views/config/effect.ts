/** When a change takes effect. Nothing needs a restart: most keys are in force at once, these move the gateway without a gap. */
export const REBOUND_KEYS: readonly string[] = ['gateway.host', 'gateway.port'];

export const isRebound = (key: string): boolean => REBOUND_KEYS.includes(key);
