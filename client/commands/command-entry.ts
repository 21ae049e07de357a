/** How a command is found before it is loaded. */
import type { CommandClass } from 'clipanion';
import type { ClientContext } from '../client-context.js';

export interface CommandEntry {
  /** The words that lead to it; the first path is its name. */
  readonly paths: readonly (readonly string[])[];
  load(): Promise<CommandClass<ClientContext>>;
}
