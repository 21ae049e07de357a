import { type Call, request } from '../api/client.js';

/** Hands a file to the browser's downloads. */
export function saveFile({ name, type, parts }: { name: string; type: string; parts: readonly BlobPart[] }): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Saves the body of an answer as a file. @throws ApiError */
export async function saveAnswer(call: Call, nameOf: (response: Response) => string): Promise<void> {
  const response = await request(call);
  saveFile({ name: nameOf(response), type: response.headers.get('Content-Type') ?? '', parts: [await response.blob()] });
}
