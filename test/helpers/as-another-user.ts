/** Runs as a user without privileges: root may read every file and bind every port. Anybody else stays who he is. */
export async function asAnotherUser<T>(run: () => T | Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
