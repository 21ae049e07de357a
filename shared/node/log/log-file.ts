/**
 * The writer of the log file, one per process that logs (supervisor, worker). Every write is one synchronous O_APPEND
 * write of a complete line, so that a killed process loses nothing that it wrote and several processes can share the
 * file. It never throws and never truncates; lines that cannot be written are counted and reported later. Renaming
 * and pruning belong to the supervisor (log-rotation.ts).
 */
import { systemClock, type Clock } from '../../clock.js';
import { AppendFile, systemErrorCode, type WriteSync } from '../files/append-file.js';
import { BlockedTime, LogLoss } from './log-loss.js';

export interface LogFileOptions {
  readonly path: string;
  /** Size at which rotation is requested. Lines beyond {@link HARD_LIMIT_FACTOR} times this are dropped and counted. */
  readonly maxBytes: number;
  /** Named in the line that reports a loss: `supervisor`, `worker`. */
  readonly role: string;
  /** Called when the file has reached `maxBytes`, then at most every 5 s until it is rotated. */
  readonly wantsRotation: () => void;
  readonly clock?: Clock;
  readonly write?: WriteSync;
}

const HARD_LIMIT_FACTOR = 1.5;
const CHECK_INTERVAL_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
const LINE_LIMIT = { min: 16_384, max: 524_288 };
const LINE_BREAK = Buffer.from('\n');

export class LogFile {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #clock: Clock;
  readonly #loss: LogLoss;
  readonly #blocked: BlockedTime;
  #maxBytes: number;
  #file: AppendFile | undefined;
  #openFailure = 'not open';
  /** Size of the file, including other writers' and earlier runs' lines; at most a second out of date. */
  #bytes = 0;
  /** Size of the file after our last write; another size means that another process has written since. */
  #ownEnd = 0;
  #checkedAtMs: number;
  #askedAtMs: number | undefined;
  /** The rest of a line that a full disk cut off. It is written before any new line, unless another process has written since. */
  #owed: Buffer | undefined;
  #closed = false;

  constructor(options: LogFileOptions) {
    this.path = options.path;
    this.#options = options;
    this.#maxBytes = options.maxBytes;
    this.#clock = options.clock ?? systemClock;
    this.#loss = new LogLoss(options.role);
    this.#checkedAtMs = this.#clock.now();
    this.#blocked = new BlockedTime(this.#checkedAtMs);
    this.#open();
  }

  /** The longest line a caller should write, so that one line cannot fill the file. */
  get maxLineBytes(): number {
    return Math.min(LINE_LIMIT.max, Math.max(LINE_LIMIT.min, Math.floor(this.#maxBytes / 8)));
  }

  /** Changes the size at which rotation is requested (live configuration). */
  setMaxBytes(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Appends one line, adding a missing line break. Never throws. */
  write(line: string): void {
    if (this.#closed) return;
    const nowMs = this.#clock.now();
    if (nowMs - this.#checkedAtMs >= CHECK_INTERVAL_MS || nowMs < this.#checkedAtMs) this.#look(nowMs);
    const data = Buffer.from(line.endsWith('\n') ? line : `${line}\n`);
    const reason = this.#refusal(data.length, nowMs);
    if (reason === undefined) this.#append(data, nowMs);
    else this.#loss.add({ reason, bytes: data.length, nowMs });
    this.#askForRotation(nowMs);
  }

  /** Opens the file that is now at the path, after a rotation. While it cannot be opened, the old file stays in use. */
  reopen(): void {
    if (this.#closed) return;
    this.#open();
    const nowMs = this.#clock.now();
    if (!this.#loss.isEmpty && this.#refusal(0, nowMs) === undefined) this.#append(Buffer.alloc(0), nowMs);
  }

  /** Stops writing permanently; later lines are ignored. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The last chance to report a loss.
    if (!this.#loss.isEmpty) this.#append(Buffer.alloc(0), this.#clock.now());
    this.#file?.close();
    this.#file = undefined;
  }

  #refusal(length: number, nowMs: number): string | undefined {
    if (this.#file === undefined) return this.#openFailure;
    if (this.#bytes + length > this.#maxBytes * HARD_LIMIT_FACTOR) return 'the file is at its hard limit';
    return this.#blocked.isExhausted(nowMs) ? 'the disk is too slow' : undefined;
  }

  #append(data: Buffer, nowMs: number): void {
    if (this.#file === undefined) return;
    const size = this.#file.size();
    // Another process may have been killed, or hit a full disk, in the middle of a line.
    const isContinued = size === this.#ownEnd && this.#loss.isEmpty && this.#owed === undefined;
    this.#bytes = size;
    const batch = isContinued ? data : this.#resume(this.#file, data, nowMs);
    const { written, failure } = this.#file.append(batch);
    this.#blocked.spend(this.#clock.now() - nowMs);
    if (this.#file.isRegular) this.#bytes += written;
    this.#ownEnd = this.#bytes;
    if (written > 0) {
      // A partly written line is not lost: the rest follows as soon as there is space.
      this.#loss.reset();
      this.#owed = failure === undefined ? undefined : Buffer.from(batch.subarray(written));
    } else if (failure !== undefined && data.length > 0) {
      this.#loss.add({ reason: failure, bytes: data.length, nowMs });
    }
  }

  /** Prepends to `data` what must be written first: the rest of a cut line or else a line break, and the report of a loss. */
  #resume(file: AppendFile, data: Buffer, nowMs: number): Buffer {
    const parts: Buffer[] = [];
    if (this.#owed !== undefined && this.#bytes === this.#ownEnd) {
      parts.push(this.#owed);
    } else {
      this.#giveUpOwed(nowMs);
      if (file.endsInsideLine()) parts.push(LINE_BREAK);
    }
    if (!this.#loss.isEmpty) parts.push(Buffer.from(this.#loss.describe(nowMs)));
    parts.push(data);
    return Buffer.concat(parts);
  }

  #giveUpOwed(nowMs: number): void {
    const rest = this.#owed;
    this.#owed = undefined;
    if (rest === undefined || rest.length <= LINE_BREAK.length) return;
    const lines = rest.toString('latin1').split('\n').length - 1;
    this.#loss.add({ reason: 'cut by a full disk', lines, bytes: rest.length, nowMs });
  }

  #sync(): void {
    if (this.#file !== undefined) this.#bytes = this.#file.size();
  }

  /** Runs once a second: reopens a file that was renamed or deleted, and reads its actual size. */
  #look(nowMs: number): void {
    this.#checkedAtMs = nowMs;
    if (this.#file?.isAt(this.path) === true) this.#sync();
    else this.#open();
  }

  #open(): void {
    try {
      const next = new AppendFile(this.path, this.#options.write);
      if (this.#file?.isSameAs(next) === true) next.close();
      else this.#moveTo(next);
      this.#sync();
    } catch (error) {
      this.#openFailure = systemErrorCode(error);
    }
  }

  #moveTo(next: AppendFile): void {
    if (this.#file !== undefined) {
      if (this.#owed !== undefined && this.#ownEnd === this.#file.size() && this.#file.append(this.#owed).failure === undefined) {
        this.#owed = undefined;
      }
      this.#giveUpOwed(this.#clock.now());
      this.#file.close();
    }
    this.#file = next;
    this.#askedAtMs = undefined;
    // The first write compares with an empty file: the last line in this one may be incomplete.
    this.#ownEnd = 0;
  }

  #askForRotation(nowMs: number): void {
    if (this.#bytes < this.#maxBytes || this.#file?.isRegular !== true) return;
    if (this.#askedAtMs !== undefined && nowMs - this.#askedAtMs < ASK_AGAIN_MS) return;
    this.#askedAtMs = nowMs;
    this.#options.wantsRotation();
  }
}
