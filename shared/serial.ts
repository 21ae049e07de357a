/** Runs actions one after another, in the order of the calls; a failed action does not stop the next one. */
export type Serial = <T>(action: () => Promise<T>) => Promise<T>;

export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (action) => {
    const result = last.then(action);
    last = result.catch(() => undefined);
    return result;
  };
}
