/** The errors of a new token, by field of the form. */
import { ApiError } from '../../api/client.js';
import { numberOf } from '../../components/field/number-of.js';
import { reasonText, sentence } from '../../components/feedback/reason-text.js';
import { t } from './text.js';
import type { TokenFields } from './new-token.js';
import type { Said } from '../../../../shared/text/fill-text.js';

const FIELDS = {
  name: 'name',
  scopes: 'scopes',
  agents: 'agents',
  expiresAt: 'expiry',
  requestsPerMinute: 'rate',
  dailyUsd: 'usd',
} as const;

export type Faults = Partial<Record<(typeof FIELDS)[keyof typeof FIELDS], string>>;

/** `agents[0]` belongs to `agents`. */
function fieldOf(path: string): keyof Faults | undefined {
  const [name = ''] = path.split(/[.[]/);
  return Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof typeof FIELDS] : undefined;
}

/** Returns the errors that can be found without the gateway. */
export function findFaults({ rate, usd }: TokenFields): Faults {
  const isNumber = (text: string): boolean => !Number.isNaN(numberOf(text) ?? 0);
  return { ...(isNumber(rate) ? {} : { rate: t('notNumber') }), ...(isNumber(usd) ? {} : { usd: t('notNumber') }) };
}

/** The page shows the message below the field's own name. */
const withoutName = (message: string, path: string): string => message.replace(`'${path}' `, '');

/** Returns nothing for a failure that names no field. */
export function faultsOf(error: unknown): Faults {
  if (!(error instanceof ApiError)) return {};
  const {
    param,
    issues = [],
    code,
    values,
  } = error.details as Partial<Said> & { param?: string; issues?: readonly (Said & { path: string })[] };
  const named = param === undefined ? issues : [{ path: param, message: error.message, code, values }];
  return Object.fromEntries(
    named.flatMap(({ path, ...said }) => {
      const field = fieldOf(path);
      return field === undefined ? [] : [[field, sentence(withoutName(reasonText(said), path))]];
    }),
  );
}
