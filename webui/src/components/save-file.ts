/** Hands a file to the browser's downloads. */
export function saveFile({ name, type, parts }: { name: string; type: string; parts: readonly BlobPart[] }): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Once the download has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
