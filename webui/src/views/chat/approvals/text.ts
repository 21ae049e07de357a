import en from '../../../i18n/en/tools/approvals.json';
import { defineText } from '../../../i18n/language.js';
import zh from '../../../i18n/zh/tools/approvals.json';

export const t = defineText(en, zh);
