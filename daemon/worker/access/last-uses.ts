/** When and from where access tokens were last used: collected in memory, and written once a minute, so that a request costs no write. */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { noteTokenUse, type TokenUse } from '../store/access/access-tokens.js';
import type { Store } from '../store/store.js';

const WRITE_AFTER_MS = 60_000;

export class LastUses {
  readonly #options: { readonly store: Pick<Store, 'write'>; readonly clock: Clock; readonly logger: LogPort };
  /** By token id. */
  #unwritten = new Map<string, TokenUse>();
  #cancel: (() => void) | undefined;

  constructor(options: { readonly store: Pick<Store, 'write'>; readonly clock: Clock; readonly logger: LogPort }) {
    this.#options = options;
  }

  note(id: string, from: string): void {
    const { clock } = this.#options;
    this.#unwritten.set(id, { usedAtMs: clock.now(), from });
    this.#cancel ??= clock.after(WRITE_AFTER_MS, () => void this.flush());
  }

  /** Never rejects: what cannot be written is written later. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const written = this.#unwritten;
    if (written.size === 0) return;
    this.#unwritten = new Map();
    try {
      await this.#options.store.write(async (tx) => {
        for (const [id, use] of written) await noteTokenUse(tx, { id, ...use });
      });
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the last use of access tokens could not be stored');
      for (const [id, use] of written) if (!this.#unwritten.has(id)) this.#unwritten.set(id, use);
    }
  }
}
