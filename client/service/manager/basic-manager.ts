/** Base of launchd and the Task Scheduler: one tool; no socket activation, sandbox or lingering. */
import type { GatewayError } from '../../../shared/errors.js';
import type { Sandbox } from '../plan/service-plan.js';
import { type RunTool, toolFailed, type ToolResult } from './run-tool.js';
import type { ServiceConcern } from './service-manager.js';

export abstract class BasicManager {
  readonly supportsSocket = false;
  readonly #run: RunTool;
  readonly #tool: { readonly command: string; readonly hint: string };

  /** @param tool.hint  what to do when a call of the tool fails */
  constructor(run: RunTool, tool: { command: string; hint: string }) {
    this.#run = run;
    this.#tool = tool;
  }

  /** Runs the tool and returns its result, even when it fails. */
  protected run(...args: string[]): Promise<ToolResult> {
    return this.#run(this.#tool.command, args);
  }

  /** Runs the tool. @throws UNAVAILABLE when it fails */
  protected async call(...args: string[]): Promise<void> {
    const result = await this.run(...args);
    if (result.code !== 0) throw this.failed(args, result);
  }

  protected failed(args: readonly string[], result: ToolResult): GatewayError {
    return toolFailed([this.#tool.command.replace('.exe', ''), ...args].join(' '), result, { hint: this.#tool.hint });
  }

  probeSandbox(): Promise<Sandbox> {
    return Promise.resolve('basic');
  }

  /** Nothing to do: exit code 0 is final (KeepAlive of a plist; the launcher of a task). */
  suspend(): Promise<void> {
    return Promise.resolve();
  }

  lastWords(): Promise<string[]> {
    return Promise.resolve([]);
  }

  concerns(): Promise<ServiceConcern[]> {
    return Promise.resolve([]);
  }

  undoRepair(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
}
