/** What the routes may ask about models and providers. */

export interface ModelDocument {
  /** `provider/model`. */
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number | null;
  readonly maxTokens: number | null;
  readonly reasoning: boolean;
  readonly input: readonly string[];
}

export interface ProviderDocument {
  readonly id: string;
  readonly name: string;
  readonly api: string;
  readonly baseUrl: string;
  /** Whether it has what it needs (a key where one is wanted). */
  readonly configured: boolean;
  /** `models.json`, or the environment variable that switched it on. */
  readonly source: string;
}

export interface ModelService {
  providers(): Promise<ProviderDocument[]>;
  models(): Promise<ModelDocument[]>;
}
