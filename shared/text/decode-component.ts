/** Decodes a part of a URL. A text that is not encoded, such as `100%`, is returned unchanged. */
export function decodeComponent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
