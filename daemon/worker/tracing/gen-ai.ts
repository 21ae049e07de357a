/** Attributes of OpenTelemetry's conventions for generative AI. Source: semantic-conventions-genai, gen-ai-spans.md and gen-ai-agent-spans.md. */
import { splitRef } from '../../../shared/config/known-providers.js';
import type { Attributes, SpanStart } from './span.js';

/** Providers that the conventions call by another name. */
const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  google: 'gcp.gemini',
  gemini: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  moonshot: 'moonshot_ai',
  moonshotai: 'moonshot_ai',
  xai: 'x_ai',
};

/** @param ref  `provider/model` */
export function modelAttributes(ref: string): Attributes {
  const { providerId, modelId } = splitRef(ref);
  return { 'gen_ai.provider.name': PROVIDER_NAMES[providerId] ?? providerId, 'gen_ai.request.model': modelId };
}

export function agentAttributes({ id, name }: { readonly id: string; readonly name?: string | undefined }): Attributes {
  return { 'gen_ai.agent.id': id, 'gen_ai.agent.name': name };
}

/** A tool's input and output are content, which spans never contain; the name of a nonexistent tool may also be content. */
export function toolSpan({ id, name, isKnown }: { readonly id: string; readonly name: string; readonly isKnown: boolean }): SpanStart {
  const tool = isKnown ? name : 'unknown';
  return {
    name: `execute_tool ${tool}`,
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool,
      'gen_ai.tool.call.id': id,
      'gen_ai.tool.type': 'function',
    },
  };
}
