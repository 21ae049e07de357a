/** Compares what a document shows with what was printed: facts that differ from run to run are made alike on both sides. */

const DURATION = /\b\d+(?:\.\d+)? (?:ms|s|min|h|d)\b(?: \d+ (?:ms|s|min|h)\b)?/g;

/** In this order. A document shows real-looking values; each pattern says what may differ in them. */
const VARYING: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\b(?:gw|wk|req|msg|turn|job|run)_[0-9a-f]{32}\b/g, 'ID'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, 'TIME'],
  [/[\w-]{8}\.\.\.[\w-]{8}/g, 'MASKED-TOKEN'],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, 'TOKEN'],
  [/("buildId": ?|"running": |"installed": )"[0-9a-f]{16}"/g, '$1BUILD'],
  [/\b(pid |PID: |[Ww]orker[ =]|supervisor |[Gg]ateway |worker (?=\d)|successor=|process )\d+/g, '$1PID'],
  [/"(pid|workerPid)": ?\d+/g, '"$1": PID'],
  [/"(durationMs|uptimeMs|uptime|rssBytes)": ?\d+/g, '"$1": N'],
  [/(durationMs|bootMs)=\d+/g, '$1=N'],
  [/\b\d+ MB\b/g, 'SIZE'],
  [/gateway\.[0-9a-f]{16}\./g, 'gateway.HASH.'],
  [/(running +\d+ +)\d+/g, '$1PID'],
  [/gateways\/[0-9a-f]{16}/g, 'gateways/KEY'],
  [/\S+\.xopc on \S+( \(this one\))? +(\S+) +\S+ /g, 'NODE$1 $2 ADDRESS '],
  [/\b[0-9a-f]{6}(?:-[0-9a-f]{6}){3}\b/g, 'SETTINGS'],
  // Columns are as wide as their widest value.
  [/ {2,}/g, '  '],
  [DURATION, 'DURATION'],
  // A source that was edited meanwhile is built first.
  [/^xopc: (?:building|built in|process \S+ is making).*\n/gm, ''],
  [/[ \t\r]+$/gm, ''],
];

export function withoutVarying(text: string): string {
  return VARYING.reduce((result, [pattern, placeholder]) => result.replace(pattern, placeholder), text).trim();
}

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function linePattern(line: string): string {
  return line.trim() === '…' ? '(?:[^\\n]*\\n)*?' : `${line.split('…').map(escapeRegExp).join('[^\\n]*')}\\n`;
}

/** Whether `printed` is what the document shows; both as {@link withoutVarying} gives them. */
export function isShown(shown: string, printed: string): boolean {
  return new RegExp(`^${shown.split('\n').map(linePattern).join('')}$`).test(`${printed}\n`);
}

/** Whether `printed` begins with what the document shows: for a command that goes on. */
export function beginsAsShown(shown: string, printed: string): boolean {
  return new RegExp(`^${shown.split('\n').map(linePattern).join('')}`).test(`${printed}\n`);
}
