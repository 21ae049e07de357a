/** Words of the shell and of the components. Each view has a table of its own, loaded with it. */
import en from '../i18n/en/shell.json';
import { defineText } from '../i18n/language.js';
import zh from '../i18n/zh/shell.json';

export const t = defineText(en, zh);
