/** The text of the dialogs, loaded with them. */
import en from '../../i18n/en/dialogs/dialogs.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/dialogs/dialogs.json';

export const t = defineText(en, zh);
