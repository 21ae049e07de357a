/**
 * Remembers the result for the last input by identity. Configuration is replaced as a whole when it changes, so what is
 * derived from a part of it is computed once per change and never per request.
 */
export function lastResult<Input extends object, Output>(derive: (input: Input) => Output): (input: Input) => Output {
  let last: { readonly input: Input; readonly output: Output } | undefined;
  return (input) => {
    if (last?.input !== input) last = { input, output: derive(input) };
    return last.output;
  };
}
