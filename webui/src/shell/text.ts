/** The text of the shell and the components. Each view has its own table. */
import en from '../i18n/en/shell.json';
import { defineText } from '../i18n/language.js';
import zh from '../i18n/zh/shell.json';

export const t = defineText(en, zh);
