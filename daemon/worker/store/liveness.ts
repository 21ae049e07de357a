/** Says which workers live. Rows name the worker that works on them; what a dead one left is taken over. */

export interface Liveness {
  /** Whether that worker lives, this one included; false for null: nobody. */
  isAlive(instanceId: string | null | undefined): boolean;
  /** Whether no other worker lives: none writes or sends beside this one. */
  isAlone(): boolean;
}

/** @param livingIds  those that the supervisor has started and that have not ended; it may lack this worker */
export function createLiveness(instanceId: string, livingIds: () => readonly string[]): Liveness {
  return {
    isAlive: (id) => id === instanceId || (typeof id === 'string' && livingIds().includes(id)),
    isAlone: () => livingIds().every((id) => id === instanceId),
  };
}
