/**
 * Keeps the access tokens in force in memory, so that admitting a request needs no database read. They are reloaded when another
 * worker changes them: at once if the database sends notifications, otherwise every 500 ms while another worker is alive.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { MAX_TOKENS, type TokenDocument, type TokenRequest } from '../../../shared/api/gateway/tokens.js';
import { type Clock, isoTime } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { createSerial } from '../../../shared/serial.js';
import { sayOfAccess } from '../../../shared/text/sentences/access.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import {
  type AccessToken,
  addAccessToken,
  noteTokenUse,
  readAccessTokens,
  removeAccessToken,
  type TokenUse,
} from '../store/access/access-tokens.js';
import { DelayedWrite } from '../store/delayed-write.js';
import { readTokenCosts, type TokenCosts } from '../store/overview/token-costs.js';
import type { Liveness } from '../store/liveness.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';

export type { AccessToken } from '../store/access/access-tokens.js';

export interface AccessTokensOptions {
  readonly store: Pick<Store, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly liveness: Pick<Liveness, 'lookAgainMs' | 'onChange'>;
  publish(event: GatewayEvent): void;
}

/**
 * `unread`: the tokens could not be loaded yet. `ended`: the value looks like an access token, but was revoked, has expired or
 * never existed.
 */
export type FoundToken = AccessToken | 'unread' | 'ended';

const LOOK_MS = 500;
/** Interval between attempts until the database can be read. */
const RETRY_MS = 1_000;
/** Interval between writes of the last use, so that a request does not need one. */
const STORE_USES_AFTER_MS = 60_000;
/** The maximum delay of `setTimeout`. */
const MAX_DELAY_MS = 2_147_483_647;

/** Lets people, and programs that search for leaked secrets, recognise a token. */
const PREFIX = 'xopc_';
/** Stored characters of the 43 random ones: enough to recognise a token. */
const SHOWN = PREFIX.length + 4;
const FORM = /^xopc_[\w-]{43}$/;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

const NO_COSTS: TokenCosts = { spent: new Map(), used: new Map() };

function notFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', {
    message: sayOfAccess('token-unknown', { id }),
    details: { id },
    hint: 'List them with: xopc token list',
  });
}

function nameTaken(name: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: sayOfAccess('token-name-taken', { name }),
    details: { param: 'name' },
    hint: `Choose another name, or revoke that one with: ${shellCommand`xopc token revoke ${name}`}`,
  });
}

export class AccessTokens {
  readonly #options: AccessTokensOptions;
  readonly #inOrder = createSerial();
  /** When and from where tokens were last used. */
  readonly #uses: DelayedWrite<TokenUse>;
  readonly #listeners = new Set<(id: string) => void>();
  /** Tokens by hash; undefined until they have been loaded. */
  #known: ReadonlyMap<string, AccessToken> | undefined;
  /** Ids of the tokens whose expiry is awaited. */
  #expiring: ReadonlySet<string> = new Set();
  #isStopped = false;
  #stopListening: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
    this.#uses = new DelayedWrite({
      ...options,
      delayMs: STORE_USES_AFTER_MS,
      write: async (tx, uses: readonly TokenUse[]) => {
        for (const use of uses) await noteTokenUse(tx, use);
      },
      problem: 'the last use of access tokens could not be stored',
      merging: { keyOf: ({ id }) => id, merge: (use, other) => (use.usedAtMs < other.usedAtMs ? other : use) },
    });
  }

  /** Loads the tokens. Never rejects: retries while the store cannot be used. */
  async start(): Promise<void> {
    this.#stopListening = this.#options.liveness.onChange('tokens', () => void this.look());
    await this.look();
  }

  /** Reloads them, regularly from now on if another worker is alive. Never rejects. */
  async look(): Promise<void> {
    const { clock, liveness } = this.#options;
    const hasRead = await this.#read().then(
      () => true,
      // The store reports its own failure.
      () => false,
    );
    const lookMs = hasRead ? liveness.lookAgainMs(LOOK_MS) : RETRY_MS;
    this.#cancelLook?.();
    if (lookMs !== undefined && !this.#isStopped) this.#cancelLook = clock.after(lookMs, () => void this.look());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopListening?.();
    this.#cancelLook?.();
    this.#cancelExpiry?.();
    await this.#inOrder(async () => undefined);
    await this.#uses.close();
  }

  /** Returns the token with this secret; undefined for a value that does not look like one. */
  find(secret: string): FoundToken | undefined {
    if (!FORM.test(secret)) return undefined;
    if (this.#known === undefined) return 'unread';
    const token = this.#known.get(hashOf(secret));
    return token === undefined || this.#hasExpired(token) ? 'ended' : token;
  }

  /** Returns the token unless it has ended. Loads the tokens first if necessary. @throws UNAVAILABLE while they cannot be read */
  async findById(id: string): Promise<AccessToken | undefined> {
    if (this.#known === undefined) await this.#read();
    return this.#all().find((token) => token.id === id && !this.#hasExpired(token));
  }

  /** Records that a request from this address was admitted with the token. */
  noteUse({ id }: AccessToken, address: string): void {
    this.#uses.add({ id, usedAtMs: this.#options.clock.now(), from: address });
  }

  /** Calls `listener` with the id of each token that is revoked or expires. It must not throw. */
  onEnd(listener: (id: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Returns the tokens that were not revoked, oldest first, including expired ones. */
  async list(): Promise<TokenDocument[]> {
    await this.#uses.flush();
    await this.#read();
    const costs = await this.#options.store.read((tx) => readTokenCosts(tx, this.#options.clock.now()));
    return this.#all().map((token) => toDocument(token, costs));
  }

  /** Creates a token. @returns its secret, which is not stored. @throws CONFLICT for a name that is taken; INVALID_REQUEST */
  async add(request: TokenRequest): Promise<{ secret: string; token: TokenDocument }> {
    const secret = PREFIX + randomBytes(32).toString('base64url');
    const token = this.#toToken(request, secret);
    await this.#change(async (tx) => {
      const others = await readAccessTokens(tx);
      if (others.length >= MAX_TOKENS) throw new GatewayError('CONFLICT', { message: sayOfAccess('tokens-full', { max: MAX_TOKENS }) });
      if (!(await addAccessToken(tx, token))) throw nameTaken(token.name);
      return [...others, token];
    });
    return { secret, token: toDocument(token, NO_COSTS) };
  }

  /** Revokes a token, and ends its streams and sockets. @param which  its id or name. @throws NOT_FOUND */
  async revoke(which: string): Promise<TokenDocument> {
    let revoked: TokenDocument | undefined;
    await this.#change(async (tx) => {
      const tokens = await readAccessTokens(tx);
      const found = tokens.find(({ id, name }) => id === which || name === which);
      if (found === undefined) throw notFound(which);
      revoked = toDocument(found, await readTokenCosts(tx, this.#options.clock.now()));
      await removeAccessToken(tx, found.id);
      return tokens.filter((token) => token !== found);
    });
    return revoked as TokenDocument;
  }

  #toToken(request: TokenRequest, secret: string): AccessToken {
    const { name, scopes, agents = null, requestsPerMinute = null, dailyUsd = null, expiresAt = null } = request;
    const createdAtMs = this.#options.clock.now();
    const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt);
    const invalid = (param: string, message: string): never => {
      throw new GatewayError('INVALID_REQUEST', { message, details: { param } });
    };
    if (expiresAtMs !== null && expiresAtMs <= createdAtMs)
      invalid('expiresAt', sayOfAccess('token-end-past', { expiresAt: expiresAt ?? '' }));
    if (agents !== null && scopes.some((scope) => scope !== 'chat')) invalid('scopes', sayOfAccess('token-agents-chat'));
    const limits = { agents: agents && [...new Set(agents)], requestsPerMinute, dailyUsd, expiresAtMs };
    return {
      id: newId('tok'),
      name,
      hash: hashOf(secret),
      prefix: secret.slice(0, SHOWN),
      scopes: [...new Set(scopes)],
      ...limits,
      createdAtMs,
      lastUsedAtMs: null,
      lastUsedFrom: null,
    };
  }

  #all(): AccessToken[] {
    return [...(this.#known?.values() ?? [])];
  }

  #hasExpired({ expiresAtMs }: AccessToken): boolean {
    return expiresAtMs !== null && expiresAtMs <= this.#options.clock.now();
  }

  /** Changes the stored tokens, then those in memory. @param work  returns all tokens after the change */
  #change(work: (tx: Transaction) => Promise<readonly AccessToken[]>): Promise<void> {
    return this.#inOrder(async () => this.#set(await this.#options.store.write(work)));
  }

  /** @throws UNAVAILABLE while the store cannot be used */
  #read(): Promise<void> {
    return this.#inOrder(async () => this.#set(await this.#options.store.read(readAccessTokens)));
  }

  #set(tokens: readonly AccessToken[]): void {
    const before = this.#known;
    this.#known = new Map(tokens.map((token) => [token.hash, token]));
    for (const [hash, { id }] of before ?? []) if (!this.#known.has(hash)) this.#tellOfEnd(id, 'revoked');
    for (const { hash, id } of tokens) if (before?.has(hash) === false) this.#options.publish({ type: 'token', id, change: 'created' });
    this.#awaitExpiry();
  }

  /** Reports each token that has expired since the last call. Called by the timer and after every read of the tokens. */
  #awaitExpiry(): void {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const awaited = this.#expiring;
    const expiring = this.#all().flatMap(({ id, expiresAtMs }) => (expiresAtMs === null ? [] : { id, inMs: expiresAtMs - nowMs }));
    const next = expiring.filter(({ inMs }) => inMs > 0);
    this.#expiring = new Set(next.map(({ id }) => id));
    for (const { id, inMs } of expiring) if (inMs <= 0 && awaited.has(id)) this.#tellOfEnd(id, 'expired');
    this.#cancelExpiry?.();
    if (next.length === 0 || this.#isStopped) return;
    const delayMs = Math.min(...next.map(({ inMs }) => inMs), MAX_DELAY_MS);
    this.#cancelExpiry = clock.after(delayMs, () => this.#awaitExpiry());
  }

  #tellOfEnd(id: string, change: 'revoked' | 'expired'): void {
    this.#options.publish({ type: 'token', id, change });
    for (const listener of this.#listeners) listener(id);
  }
}

function toDocument(
  { id, name, prefix, scopes, agents, requestsPerMinute, dailyUsd, createdAtMs, expiresAtMs, lastUsedAtMs, lastUsedFrom }: AccessToken,
  costs: TokenCosts,
): TokenDocument {
  return {
    id,
    name,
    prefix,
    scopes: [...scopes],
    agents: agents && [...agents],
    expiresAt: isoTime(expiresAtMs),
    requestsPerMinute,
    dailyUsd,
    createdAt: isoTime(createdAtMs),
    lastUsedAt: isoTime(lastUsedAtMs),
    lastUsedFrom,
    spentTodayUsd: (dailyUsd === null ? costs.used : costs.spent).get(id) ?? 0,
  };
}
