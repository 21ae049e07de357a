/** In the project `e2e-postgres` each real gateway has a database of its own, whatever configuration a test writes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface GatewayDatabase {
  /** Names it in the configuration that a test has written; its other lines stay where they are. */
  readonly use: (configPath: string) => void;
  readonly drop: () => Promise<void>;
}

function withStore(text: string, url: string): string {
  const [, rest = ''] = /^\s*\{([\s\S]*)$/.exec(text) ?? [];
  const comma = /^\s*\}\s*$/.test(rest) ? '' : ',';
  return `{"store":{"url":${JSON.stringify(url)}}${comma}${rest}`;
}

/** @returns undefined in the other projects */
export async function addGatewayDatabase(): Promise<GatewayDatabase | undefined> {
  if (process.env['XOPC_TEST_ENGINE'] !== 'postgres') return undefined;
  const { addDatabase, dropDatabase } = await import('./store-engine.js');
  const url = await addDatabase();
  return {
    use(configPath) {
      const text = existsSync(configPath) ? readFileSync(configPath, 'utf8') : '{}';
      if (text.includes('"store"') || !/^\s*\{/.test(text)) return;
      mkdirSync(dirname(configPath), { recursive: true, mode: 0o700 });
      writeFileSync(configPath, withStore(text, url));
    },
    drop: () => dropDatabase(url),
  };
}
