/** Whether a text shows anything: it is more than spaces, control characters and characters that take no space. */
export function hasVisibleText(text: string): boolean {
  return /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(text);
}
