/** Recognizes refusals of a conversation that is longer than a model's context, and reads the numbers in them. Pure. */

/** Tokens; null if the refusal does not mention them. */
export interface ContextLimit {
  readonly limitTokens: number | null;
  /** The requested tokens, including room for the answer if the vendor counts it. */
  readonly usedTokens: number | null;
}

/**
 * Patterns of vendors' messages, with the numbers as the groups `limit`, `used` and `more`, which is added to `used`. The first
 * match counts.
 */
const WORDINGS: readonly RegExp[] = [
  // Mistral
  /contains (?<used>\d+) tokens.{0,60}too large for model with (?<limit>\d+) maximum context/,
  // OpenAI, Azure, vLLM, SGLang, OpenRouter, DeepSeek
  /maximum context length (?:is|of) (?<limit>\d+) tokens(?:.{0,80}?(?:resulted in|requested about|requested a total of|requested|has) (?<used>\d+) (?:input )?tokens)?/,
  /prompt \(length (?<used>\d+)\) is longer than the maximum model length of (?<limit>\d+)/,
  /input \((?<used>\d+) tokens\) is longer than the model's context length \((?<limit>\d+) tokens\)/,
  // Anthropic
  /prompt is too long: (?<used>\d+) tokens > (?<limit>\d+) maximum/,
  /exceed context limit: (?<used>\d+) \+ (?<more>\d+) > (?<limit>\d+)/,
  // Fireworks
  /prompt is too long: (?<used>\d+), model maximum context length: (?<limit>\d+)/,
  // Google
  /input token count(?: is)?(?: \(?(?<used>\d+)\)?)?.{0,40}(?:tokens allowed|only supports up to) \(?(?<limit>\d+)/,
  // llama.cpp
  /request \((?<used>\d+) tokens\) exceeds the available context size \((?<limit>\d+) tokens\)/,
  // LM Studio
  /keep the first (?<used>\d+) tokens.{0,80}context length of only (?<limit>\d+) tokens/,
  // xAI
  /maximum prompt length is (?<limit>\d+) but the request contains (?<used>\d+) tokens/,
  // GitHub Copilot and GitHub Models
  /prompt token count of (?<used>\d+) exceeds the limit of (?<limit>\d+)/,
  /body too large for .{0,80}Max size: (?<limit>\d+) tokens/,
  // Hugging Face, Together
  /tokens.{0,40}must be <= (?<limit>\d+)\. Given: (?<used>\d+)(?: `inputs` tokens and (?<more>\d+))?/,
  /must have less than (?<limit>\d+) tokens\. Given: (?<used>\d+)/,
  // Cohere
  /number of tokens.{0,40}cannot exceed (?<limit>\d+) - received (?<used>\d+)/,
  // Cerebras
  /Current length is (?<used>\d+) while limit is (?<limit>\d+)/,
  // Alibaba
  /Range of input length should be \[1, (?<limit>\d+)\]/,
  // Moonshot
  /exceeded model token limit: (?<limit>\d+)(?: \(requested: (?<used>\d+)\))?/,
  // Groq
  /Request too large for model.{0,200}Limit (?<limit>\d+), Requested (?<used>\d+)/,
  // Codes, and words without numbers
  /context_length_exceeded|exceed_context_size|model_max_prompt_tokens_exceeded|tokens_limit_reached|request_too_large/,
  /context window|context length|maximum context|available context size|too many tokens|(?:prompt|input) is too long|Prompt exceeds max length|reduce the length of the messages/i,
];

const MAX_READ = 16_384;

/** Returns undefined for any other text. */
export function readContextLimit(text: string): ContextLimit | undefined {
  // Numbers may be grouped: 1,048,576.
  const plain = text.slice(0, MAX_READ).replace(/(?<=\d),(?=\d{3})/g, '');
  for (const wording of WORDINGS) {
    const match = wording.exec(plain);
    if (match === null) continue;
    const { limit, used, more = '0' } = match.groups ?? {};
    return { limitTokens: limit === undefined ? null : Number(limit), usedTokens: used === undefined ? null : Number(used) + Number(more) };
  }
  return undefined;
}
