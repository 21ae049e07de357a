/** Runs the service managers' own commands. */
import { execFile } from 'node:child_process';
import { GatewayError } from '../../../shared/errors.js';
import { childEnvironment } from '../../../shared/node/process/env.js';

export interface ToolResult {
  /** null: the tool does not exist, or timed out. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a system command; tests inject their own. */
export type RunTool = (command: string, args: readonly string[], options?: { timeoutMs?: number }) => Promise<ToolResult>;

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** @param extra  environment variables for all runs */
export function makeRunTool(extra: Record<string, string> = {}): RunTool {
  return (command, args, options = {}) =>
    new Promise((resolve) => {
      const settings = {
        env: childEnvironment({ ...extra, LC_ALL: 'C', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' }),
        timeout: options.timeoutMs ?? TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
        windowsHide: true,
      };
      const child = execFile(command, [...args], settings, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        const reason = code === null && stderr === '' ? String(error?.message) : stderr;
        resolve({ code, stdout, stderr: reason });
      });
      child.stdin?.end();
    });
}

/** Returns the error for a failed tool, with the tool's output. */
export function toolFailed(command: string, result: ToolResult, more: { hint: string; details?: Record<string, unknown> }): GatewayError {
  const [text] = (result.stderr.trim() || result.stdout.trim()).split('\n').filter((line) => line !== '');
  const reason = text ?? (result.code === null ? 'the command could not be run' : `it ended with exit code ${result.code}`);
  return new GatewayError('UNAVAILABLE', { message: `'${command}' failed: ${reason}`, ...more });
}
