/**
 * `/v1/conversations`.
 * Source: the API reference of OpenAI, "Conversations".
 */
import * as z from 'zod';
import { inputItem, metadata } from './request.js';

export const conversationRequest = () =>
  z.looseObject({ items: z.array(inputItem()).max(1_000).nullish(), metadata: metadata().nullish() });

export const conversationUpdate = () => z.looseObject({ metadata: metadata().nullable() });

export const itemsRequest = () => z.looseObject({ items: z.array(inputItem()).min(1).max(1_000) });

export const conversationDocument = () =>
  z.strictObject({ id: z.string(), object: z.literal('conversation'), created_at: z.int(), metadata: metadata() });

export const conversationDeleted = () =>
  z.strictObject({ id: z.string(), object: z.literal('conversation.deleted'), deleted: z.literal(true) });
