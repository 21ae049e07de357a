/** Returns a time as part of a name: `20261124T192403Z`. */
export function compactTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}
