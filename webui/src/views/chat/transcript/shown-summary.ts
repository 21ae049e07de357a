/** Whether a conversation has a summary of older messages, and its position. */
import { useEffect } from 'preact/hooks';
import type { MessagePage } from '../../../../../shared/api/session-archive.js';
import { apiPath, call } from '../../../api/client.js';
import { useGatewayEvent } from '../../../api/gateway-events.js';
import { late } from '../../../browser/late.js';
import type { ChatModel } from '../model/chat-model.js';

/** A chat with fewer messages is not checked again. */
const LONG = 10;

const line = late(async () => (await import('./summary.js')).SummaryLine);

/** Reloads which summary is in use. After a failure, it is loaded with the next change. */
async function readAgain({ session, summary }: ChatModel): Promise<void> {
  const path = apiPath('/api/sessions/:key/messages', { key: session }, { limit: 1 });
  const page = await call<MessagePage>('GET', path).catch(() => undefined);
  if (page !== undefined) summary.value = page.summary;
}

/** Returns the component, once there is a summary and it is loaded, and the `seq` of the message that it stands before. */
export function useShownSummary(model: ChatModel) {
  const messages = model.messages.value;
  const summary = model.summary.value;
  const isThere = summary !== undefined;
  useEffect(() => {
    if (isThere) void line.load();
  }, [isThere]);
  useGatewayEvent(({ name, data }) => {
    const isChanged = name === 'reset' || (name === 'session' && data.session === model.session && data.change === 'updated');
    if (isChanged && model.messages.peek().length >= LONG) void readAgain(model);
  });
  if (summary === undefined) return undefined;
  const next = messages.find(({ seq }) => seq > summary.seq);
  // Otherwise the conversation was rewound to before its end.
  const isHere = (messages[0]?.seq ?? 0) > summary.seq || messages.some(({ seq }) => seq === summary.seq);
  return isHere ? { Line: line.component.value, id: summary.id, beforeSeq: next?.seq } : undefined;
}
