/** Reads schedules in English or Chinese words. Times are in the browser's zone. */
import { fieldTime } from '../../../components/time-text/time-text.js';

const DAYS: readonly (readonly [RegExp, number])[] = [
  [/^(?:sun(?:day)?s?|周日|周天|星期日|星期天)$/, 0],
  [/^(?:mon(?:day)?s?|周一|星期一)$/, 1],
  [/^(?:tue(?:s|sday)?s?|周二|星期二)$/, 2],
  [/^(?:wed(?:nesday)?s?|周三|星期三)$/, 3],
  [/^(?:thu(?:rs|rsday)?s?|周四|星期四)$/, 4],
  [/^(?:fri(?:day)?s?|周五|星期五)$/, 5],
  [/^(?:sat(?:urday)?s?|周六|星期六)$/, 6],
];
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(?:s|sec(?:ond)?s?|秒)$/, 's'],
  [/^(?:m|min(?:ute)?s?|分钟?)$/, 'm'],
  [/^(?:h|hours?|小时|个小时)$/, 'h'],
  [/^(?:d|days?|天)$/, 'd'],
  [/^(?:w|weeks?|周|星期|个星期)$/, 'w'],
];
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const PARTS = '凌晨|早上|上午|中午|下午|晚上';

/** Returns the hour that a clock shows in a part of the day; 24 and more belong to the next day: 晚上12点 ends a day. */
function hourOf(part: string, shown: number): number {
  if (shown > 12) return shown;
  switch (part) {
    case '晚上':
      return shown < 5 || shown === 12 ? (shown % 12) + 24 : shown + 12;
    case '中午':
      return shown < 10 ? shown + 12 : shown;
    case '下午':
    case 'pm':
      return (shown % 12) + 12;
    case '':
      return shown;
    default:
      return shown % 12;
  }
}

/** `9`, `9am`, `18:30`, `6:30 pm`, `下午6点半`, `9点`. */
function readClock(text: string): { hour: number; minute: number } | undefined {
  const [, before, hourText, minuteText, half, after = ''] =
    new RegExp(`^(${PARTS})?\\s*(\\d{1,2})(?:[:：点](\\d{2})?分?(半)?)?\\s*(am|pm)?$`).exec(text.trim()) ?? [];
  if (hourText === undefined)
    return /^(?:noon|正午|中午)$/.test(text)
      ? { hour: 12, minute: 0 }
      : /^(?:midnight|午夜)$/.test(text)
        ? { hour: 0, minute: 0 }
        : undefined;
  const minute = half === undefined ? Number(minuteText ?? 0) : 30;
  return Number(hourText) <= 23 && minute <= 59 ? { hour: hourOf(before ?? after, Number(hourText)), minute } : undefined;
}

const unitOf = (text: string): string | undefined => UNITS.find(([pattern]) => pattern.test(text))?.[1];
const dayOf = (text: string): number | undefined => DAYS.find(([pattern]) => pattern.test(text))?.[1];

function interval(text: string): string | undefined {
  const [, count = '1', unitText = ''] = /^(?:every|each|每隔?)\s*(\d{1,4})?\s*([a-z一-龥]+)$/.exec(text) ?? [];
  const unit = unitOf(unitText);
  if (unit === undefined || Number(count) === 0) return undefined;
  // `every hour` means the full hour, not an hour from now.
  if (count === '1' && unit === 'h') return '0 * * * *';
  return count === '1' && unit === 'd' ? '0 9 * * *' : `every ${count}${unit}`;
}

function soon(text: string, nowMs: number): string | undefined {
  const [, english, englishUnit = '', chinese, chineseUnit = ''] =
    /^in\s+(\d{1,4}|an?)\s*([a-z]+)$|^(\d{1,4})\s*([一-龥]+?)[以之]?后$/.exec(text) ?? [];
  const unit = unitOf(englishUnit === '' ? chineseUnit : englishUnit);
  const count = english ?? chinese;
  if (unit === undefined || count === undefined) return undefined;
  const number = /^an?$/.test(count) ? 1 : Number(count);
  return `at ${fieldTime(nowMs + number * (UNIT_MS[unit] ?? 0))}`;
}

/** @param today  the day of the week; the Chinese week begins on Monday */
function daysAhead(day: string, today: number): number {
  if (day.startsWith('下')) return 7 - ((today + 6) % 7) + (((dayOf(day.slice(1)) ?? 1) + 6) % 7);
  return day === 'tomorrow' || day === '明天' ? 1 : day === '后天' ? 2 : 0;
}

/** `tomorrow at 18:00`, `today at noon`, `明天18点`, `下周一9点`. */
function onDay(text: string, nowMs: number): string | undefined {
  const [, day, clockText = '9'] =
    /^(today|tomorrow|今天|明天|后天|下(?:周|星期)[一二三四五六日天])(?:\s*(?:at\s+)?(.+))?$/.exec(text) ?? [];
  const clock = day === undefined ? undefined : readClock(clockText);
  if (day === undefined || clock === undefined) return undefined;
  const now = new Date(nowMs);
  const ahead = daysAhead(day, now.getDay());
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead, clock.hour, clock.minute);
  return `at ${fieldTime(at.getTime()).slice(0, 16)}`;
}

/** `1st of the month`, `每月1号和15号`. What follows the 28th depends on the month. */
function monthDaysOf(plain: string, ahead: 0 | 1): string | undefined {
  const [, list] =
    /^(?:个?月)?((?:\d{1,2}(?:st|nd|rd|th|日|号)(?:\s*(?:,|、|and|和)\s*)?)+)(?: of (?:the|every|each) month)?$/.exec(plain) ?? [];
  const days = list?.match(/\d+/g)?.map(Number) ?? [];
  const isKnown = days.length > 0 && days.every((day) => day >= 1 && day <= (ahead === 0 ? 31 : 27));
  return isKnown ? days.map((day) => day + ahead).join(',') : undefined;
}

/** Returns the cron fields for days. @param ahead  1 for the days after them */
function daysOf(text: string, ahead: 0 | 1): string | undefined {
  const plain = text
    .replace(/^(?:every|each|on|每|the)\s*/g, '')
    .replace(/^the\s+/, '')
    .trim();
  if (/^(?:day|天|日|daily)$/.test(plain)) return '* * *';
  if (/^(?:(?:个)?工作日|weekdays?|workdays?|working days?)$/.test(plain)) return `* * ${1 + ahead}-${5 + ahead}`;
  if (/^(?:周末|weekends?)$/.test(plain)) return ahead === 0 ? '* * 0,6' : '* * 0,1';
  const monthDays = monthDaysOf(plain, ahead);
  if (monthDays !== undefined) return `${monthDays} * *`;
  const [first, last] = plain.split(/\s*(?:到|至)\s*/).map(dayOf);
  // Sunday is 7 at the end of a range.
  const end = (last === 0 ? 7 : (last ?? 0)) + ahead;
  if (first !== undefined && first + ahead < end && end <= 7) return `* * ${first + ahead}-${end}`;
  const days = plain.split(/\s*(?:,|、|\band\b|和)\s*/).map(dayOf);
  const isKnown = days.length > 0 && days.every((day) => day !== undefined);
  return isKnown ? `* * ${days.map((day) => (day + ahead) % 7).join(',')}` : undefined;
}

const CHINESE = new RegExp(`^((?:每|周|星期).+?|工作日|周末)\\s*((?:${PARTS})?\\d{1,2}[:：点].*|正午|中午|午夜)$`);

/** `every weekday at 9:30`, `mondays and fridays at 8am`, `每天8点`, `9:00 on weekdays`. */
function recurring(text: string): string | undefined {
  const [, clockFirst, daysLast] = /^(.+?)\s+((?:on|every|each)\s.+)$/.exec(text) ?? [];
  const [, days = daysLast ?? text, clockText = clockFirst ?? '9'] = /^(.+?)\s+at\s+(.+)$/.exec(text) ?? CHINESE.exec(text) ?? [];
  const clock = readClock(clockText);
  if (clock === undefined) return undefined;
  const fields = daysOf(days, clock.hour < 24 ? 0 : 1);
  return fields && `${clock.minute} ${clock.hour % 24} ${fields}`;
}

const NUMERALS = '零一二三四五六七八九';

/** `两点` is `2点`, `十五号` is `15号`, `半小时` is `30分钟`; days of the week stay. */
function withDigits(text: string): string {
  return text.replace(/半个?小时/, '30分钟').replaceAll(/(?<!周|星期)[一二两三四五六七八九十]+(?=[点分秒天个小周号日])/g, (numeral) => {
    const [tens = '', ones = ''] = numeral.includes('十') ? numeral.split('十') : ['零', numeral];
    const digit = (sign: string, none: number): number => (sign === '' ? none : NUMERALS.indexOf(sign.replace('两', '二')));
    return String(digit(tens, 1) * 10 + digit(ones, 0));
  });
}

/** Returns the schedule; undefined where the words are not understood. */
export function readWords(words: string, nowMs: number): string | undefined {
  const text = withDigits(words.trim().toLowerCase().replaceAll(/\s+/g, ' ').replace(/\.$/, ''));
  if (text === '') return undefined;
  return soon(text, nowMs) ?? onDay(text, nowMs) ?? interval(text) ?? recurring(text);
}
