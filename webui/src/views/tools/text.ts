import en from '../../i18n/en/tools/tools.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/tools/tools.json';

export const t = defineText(en, zh);
