/**
 * Stores the progress of a turn or a background response, so that another worker can continue it: a step before its tools run, a
 * call when it begins and when it is done. A call that has begun and is not done may have taken effect.
 */
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { newId } from '../../../../shared/ids.js';
import { pictureFiles, readPicturesOf } from '../../files/pictures.js';
import type { ChatImage, ToolResult } from '../../providers/provider.js';
import { insertAttachments } from '../../store/conversations/attachments.js';
import { appendMessage } from '../../store/conversations/messages.js';
import type { Store } from '../../store/store.js';
import type { Transaction } from '../../store/transaction.js';
import { addTurnStep, beginTurnCall, endTurnCall, type StoredCall } from '../../store/turns/turn-steps.js';
import type { CalledStep } from '../model/answer.js';
import { describeToolUse } from '../model/past-tool-use.js';
import { inputText, shorten } from './tool-text.js';

/** What the steps belong to. */
export interface StepOwner {
  readonly id: string;
  /** The session in which tool calls are stored as messages; undefined if there is none. */
  readonly sessionId: number | undefined;
  /** How many steps of it are stored already. */
  readonly steps: number;
  /** Runs in each write. @returns false when another worker has ended or taken it */
  hold(tx: Transaction): Promise<boolean>;
  /** Runs in the write of a step that has effects. */
  noteEffects?(tx: Transaction): Promise<void>;
  /** Where a person can decide about calls; undefined if nowhere. */
  readonly questions?: Questions | undefined;
}

/** Asks a person about tool calls. */
export interface Questions {
  /** Runs in the write that stores the step. */
  ask(tx: Transaction, asked: { step: number; callIndex: number; tool: string; input: unknown; said: string }): Promise<unknown>;
  /** To be called when that is committed. */
  asked(): void;
}

/** What begins with a step. */
interface StepStart {
  readonly calls: readonly StoredCall[];
  readonly begins: readonly number[];
  /** The calls that a person decides about. */
  readonly asks: readonly number[];
  readonly hasEffects: boolean;
}

/** A call that is done. */
interface DoneCall {
  readonly index: number;
  readonly call: StoredCall;
  readonly result: ToolResult;
  readonly durationMs: number;
  /** The call that begins now; undefined: none, or it has begun. */
  readonly next: number | undefined;
}

export class StepLog {
  readonly #options: { readonly store: Pick<Store, 'read' | 'write'>; readonly clock: Clock };
  readonly #owner: StepOwner;
  #step: number;

  constructor(options: { readonly store: Pick<Store, 'read' | 'write'>; readonly clock: Clock }, owner: StepOwner) {
    this.#options = options;
    this.#owner = owner;
    // The last stored step is continued.
    this.#step = owner.steps - 1;
  }

  /** Stores a step, the start of some of its calls, and the questions about others. */
  async begin(step: CalledStep, { calls, begins, asks, hasEffects }: StepStart): Promise<void> {
    const { questions } = this.#owner;
    this.#step += 1;
    await this.#write(async (tx) => {
      if (hasEffects) await this.#owner.noteEffects?.(tx);
      await addTurnStep(tx, { turnId: this.#owner.id, step: this.#step, nowMs: this.#options.clock.now() }, { ...step, calls });
      for (const index of begins) await beginTurnCall(tx, this.#place(index));
      for (const callIndex of asks) {
        const { name: tool = '', input } = calls[callIndex] ?? {};
        await questions?.ask(tx, { step: this.#step, callIndex, tool, input, said: step.text });
      }
    });
    if (asks.length > 0) questions?.asked();
  }

  beginCall(index: number): Promise<void> {
    return this.#write((tx) => beginTurnCall(tx, this.#place(index)));
  }

  /** Stores the result of a call, as a message of the conversation too. */
  async end({ index, call, result, durationMs, next }: DoneCall): Promise<void> {
    const { id: turnId, sessionId } = this.#owner;
    const { output, isError, images = [] } = result;
    const id = call.messageId ?? newId('msg');
    await this.#write(async (tx) => {
      await endTurnCall(tx, this.#place(index), result);
      if (next !== undefined) await beginTurnCall(tx, this.#place(next));
      if (sessionId === undefined) return;
      const content = describeToolUse({ name: call.name, input: shorten(inputText(call.input)), output });
      const nowMs = this.#options.clock.now();
      const message = { id, sessionId, turnId, content, model: null, nowMs, durationMs };
      await appendMessage(tx, { ...message, role: 'tool', status: isError ? 'error' : 'complete' });
      await insertAttachments(tx, { sessionId, messageId: id, files: pictureFiles(call.name, images), nowMs });
    });
  }

  /** Returns the images of stored results, by the message of their call. */
  async picturesOf(calls: readonly StoredCall[]): Promise<ReadonlyMap<string, readonly ChatImage[]>> {
    const { sessionId } = this.#owner;
    const messageIds = calls.flatMap(({ messageId }) => messageId ?? []);
    return sessionId === undefined ? new Map() : this.#options.store.read((tx) => readPicturesOf(tx, { sessionId, messageIds }));
  }

  #place(index: number): { turnId: string; step: number; index: number } {
    return { turnId: this.#owner.id, step: this.#step, index };
  }

  async #write(work: (tx: Transaction) => Promise<void>): Promise<void> {
    const isHeld = await this.#options.store.write(async (tx) => {
      if (!(await this.#owner.hold(tx))) return false;
      await work(tx);
      return true;
    });
    if (!isHeld) throw new GatewayError('UNAVAILABLE', { message: 'another worker of the gateway took this turn over' });
  }
}
