/** Whether a text can be stored unchanged: a lone surrogate has no UTF-8 form, and PostgreSQL's text type cannot contain NUL. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Whether a text has visible characters, not only spaces, control characters and characters that take no space. */
export function hasVisibleText(text: string): boolean {
  return /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}]/u.test(text);
}
