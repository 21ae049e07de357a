/** The generated token: created once, shown masked, replaced on request. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { isMaskText } from '../../config/secrets.js';
import { GatewayError } from '../../errors.js';
import { createFile, writeFileAtomic } from '../files/atomic-file.js';
import { readFileStart } from '../files/file-start.js';

const MAX_TOKEN_BYTES = 4_096;

/** 32 random bytes as 43 characters base64url (RFC 4648 section 5, no padding). */
export function generateToken(): string {
  return randomBytes(32).toString('base64url');
}

function invalid(path: string, reason: string, hint = 'Make a new token with: xopc gateway token --rotate'): GatewayError {
  return new GatewayError('CONFIG_INVALID', {
    message: `${path} ${reason}`,
    details: { path },
    hint,
  });
}

function readTokenText(path: string): string {
  const { stats, bytes } = readFileStart(path, MAX_TOKEN_BYTES);
  if (!stats.isFile()) throw invalid(path, 'is not a regular file', 'Move it away; the next start generates a token.');
  if (stats.size > MAX_TOKEN_BYTES) throw invalid(path, `has ${stats.size} bytes, too many for a token`);
  return bytes.toString('utf8').trim();
}

function closeToOthers(path: string): void {
  if (process.platform === 'win32') return;
  try {
    chmodSync(path, 0o600);
  } catch (error) {
    // A file that belongs to another user (a mounted secret) keeps its owner's mode.
    if (!['EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/**
 * Reads the token. The file's mode is repaired to 0600.
 * @returns undefined when there is none yet or the file is empty
 * @throws CONFIG_INVALID when the content cannot be sent in a header, is a mask, or the file cannot be read
 */
export function readToken(path: string): string | undefined {
  let text: string;
  try {
    text = readTokenText(path);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw invalid(path, `cannot be read (${code})`);
  }
  if (text === '') return undefined;
  if (!/^[\x21-\x7e]+$/.test(text)) throw invalid(path, 'contains invalid characters (a token is printable ASCII without spaces)');
  if (isMaskText(text)) throw invalid(path, 'contains the mask of a token, not the token');
  closeToOthers(path);
  return text;
}

/**
 * Reads the token, or generates one. Concurrent processes all get the same one: the file appears with its complete content or not
 * at all. The directory must exist.
 * @param onReplaced  called when a new token replaces an empty file, which may have contained another token
 * @throws CONFIG_INVALID as {@link readToken}
 */
export function loadOrCreateToken(path: string, onReplaced: () => void = () => undefined): string {
  for (;;) {
    const existing = readToken(path);
    if (existing !== undefined) return existing;
    const isThere = !createFile(path, `${generateToken()}\n`);
    // An empty file or a dangling link.
    if (!isThere || readToken(path) !== undefined) continue;
    if (existsSync(path)) onReplaced();
    rmSync(path, { force: true });
  }
}

/** Replaces the token. @returns the new one; the old one stops working when the worker rereads the file */
export async function rotateToken(path: string): Promise<string> {
  const token = generateToken();
  await writeFileAtomic(path, `${token}\n`);
  return token;
}
