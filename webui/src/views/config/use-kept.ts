/** A resource that opens with the last shown value, even while the gateway is unreachable. */
import type { Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Resource, useResource } from '../../api/use-resource.js';

export function useKept<Value>(last: Signal<Value | undefined>, read: (signal: AbortSignal) => Promise<Value>): Resource<Value> {
  const resource = useResource(read, []);
  useEffect(() => {
    if (resource.value !== undefined) last.value = resource.value;
  }, [resource.value]);
  return { ...resource, value: resource.value ?? last.value };
}
