/** Returns the command that a hint names. */
export function commandIn(text: string | null | undefined): string | undefined {
  return /xopc(?: [\w@=./-]*\w)+/.exec(text ?? '')?.[0];
}
