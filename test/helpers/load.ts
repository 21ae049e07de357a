/** Load on a gateway: new connections at a steady rate, and keep-alive clients that post without pause. Bounded by `stop`. */
import { Agent, type ClientRequest, request, type RequestOptions } from 'node:http';

export interface LoadOptions {
  readonly port: number;
  /** New connections a second, each `GET /health`. */
  readonly connectionsPerSecond: number;
  /** Clients that each send one request after the other on one kept connection. */
  readonly keepAliveClients: number;
  /** Default: new sessions. */
  readonly post?: { readonly path: string; readonly body: string; readonly headers?: Record<string, string> };
}

export interface LoadResult {
  readonly succeeded: number;
  /** Failures by kind, e.g. `new ECONNREFUSED`, `kept ECONNRESET`, `kept HTTP 503`. */
  readonly failures: Record<string, number>;
  /** Longest time without any success, ms. */
  readonly longestGapMs: number;
}

const TICK_MS = 5;
const NEW_SESSION: NonNullable<LoadOptions['post']> = { path: '/api/sessions', body: '{"channel":"webchat"}' };

export class Load {
  readonly #options: LoadOptions;
  readonly #failures: Record<string, number> = {};
  readonly #agents: Agent[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #sent = 0;
  #succeeded = 0;
  #lastSuccessAt = performance.now();
  #longestGapMs = 0;
  #isStopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    for (let index = 0; index < options.keepAliveClients; index += 1) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      this.#agents.push(agent);
      this.#postForEver(agent);
    }
  }

  get succeeded(): number {
    return this.#succeeded;
  }

  /** Forgets the gaps so far: those of warming up. */
  resetGaps(): void {
    this.#longestGapMs = 0;
    this.#lastSuccessAt = performance.now();
  }

  stop(): LoadResult {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const agent of this.#agents) agent.destroy();
    return { succeeded: this.#succeeded, failures: { ...this.#failures }, longestGapMs: Math.round(this.#longestGapMs) };
  }

  #tick(): void {
    const due = Math.floor(((performance.now() - this.#startedAt) / 1000) * this.#options.connectionsPerSecond);
    // A stall of this process must not turn into a burst on the gateway.
    const burst = Math.min(due - this.#sent, 20);
    this.#sent = due;
    for (let index = 0; index < burst; index += 1) this.#send({ path: '/health', agent: false }, 'new', () => undefined);
  }

  #postForEver(agent: Agent): void {
    if (this.#isStopped) return;
    const { path, body, headers } = this.#options.post ?? NEW_SESSION;
    const options = { path, method: 'POST', agent, headers: { 'Content-Type': 'application/json', ...headers }, body };
    this.#send(options, 'kept', () => this.#postForEver(agent));
  }

  #send({ body, ...options }: RequestOptions & { body?: string }, kind: string, onEnd: () => void): void {
    const outgoing: ClientRequest = request({ host: '127.0.0.1', port: this.#options.port, ...options }, (response) => {
      response.resume();
      response.on('error', (error: NodeJS.ErrnoException) => this.#fail(`${kind} body ${error.code ?? error.message}`, onEnd));
      response.on('end', () => {
        if (response.statusCode !== undefined && response.statusCode < 500) this.#succeed(onEnd);
        else this.#fail(`${kind} HTTP ${response.statusCode}`, onEnd);
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => this.#fail(`${kind} ${error.code ?? error.message}`, onEnd));
    outgoing.end(body);
  }

  #succeed(onEnd: () => void): void {
    const now = performance.now();
    this.#succeeded += 1;
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastSuccessAt);
    this.#lastSuccessAt = now;
    onEnd();
  }

  #fail(kind: string, onEnd: () => void): void {
    if (this.#isStopped) return;
    this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
    setTimeout(onEnd, TICK_MS);
  }
}
