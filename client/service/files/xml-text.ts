/** Writes XML: escaped text and indented elements. */

/** Text or an attribute's value (XML 1.0, 2.4). Control characters are not allowed in XML and are dropped. */
function xmlText(value: string): string {
  // oxlint-disable-next-line no-control-regex
  const printable = value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '');
  return printable.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Reverts the escapes of text in an element. */
export function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

/** Text for a comment, which must not contain `--` (XML 1.0, 2.5). */
export function xmlComment(text: string): string {
  return `<!-- ${text.replaceAll('--', '- -')} -->`;
}

/** Indents lines by two spaces. */
export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

export function element(name: string, value: string | number | boolean): string {
  return `<${name}>${xmlText(String(value))}</${name}>`;
}

export function parent(name: string, children: readonly string[], attributes = ''): string[] {
  return [`<${name}${attributes}>`, ...indent(children), `</${name}>`];
}
