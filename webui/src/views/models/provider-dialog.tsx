/** Adds a provider in two steps, or changes one. Also opened by the chat of a gateway without a model. */
import { useState } from 'preact/hooks';
import type { Provider, Setup } from './models-api.js';
import { type Choice, PickProvider } from './provider/pick-provider.js';
import { ProviderForm } from './provider/provider-form.js';

interface ProviderDialogProps {
  /** The provider to change; undefined adds one. */
  readonly provider: Provider | undefined;
  /** Its models as written. */
  readonly entries: Setup['entries'][string];
  readonly onClose: () => void;
  readonly onSaved: (id: string) => void;
}

export function ProviderDialog(props: ProviderDialogProps) {
  const [choice, setChoice] = useState<Choice | undefined>(undefined);
  if (props.provider === undefined && choice === undefined) return <PickProvider onPick={setChoice} onClose={props.onClose} />;
  return <ProviderForm key={choice?.id} {...props} choice={choice} onBack={() => setChoice(undefined)} />;
}
