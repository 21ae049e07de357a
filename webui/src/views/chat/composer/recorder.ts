/** Records from the microphone to a file. */

/** By what the browser can write, the first that it can. */
const FORMATS = [
  ['audio/webm', 'voice.webm'],
  ['audio/mp4', 'voice.mp4'],
  ['audio/ogg', 'voice.ogg'],
] as const;
/** Speech stays clear with it, and a quarter of an hour is small enough to be attached. */
const BITS_PER_SECOND = 32_000;

/** Returns the duration of a recording of that size, allowing for its container. */
export const secondsIn = (bytes: number): number => Math.floor((bytes * 8 * 0.9) / BITS_PER_SECOND);

/** @param onEnd  gets the recording; undefined if it was discarded */
export function record(stream: MediaStream, onEnd: (file: File | undefined) => void): { stop: (isKept: boolean) => void } {
  const [type, name] = FORMATS.find(([format]) => MediaRecorder.isTypeSupported(format)) ?? FORMATS[0];
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
  const pieces: Blob[] = [];
  let keeps = true;
  recorder.addEventListener('dataavailable', ({ data }) => void pieces.push(data));
  // Also when the microphone was unplugged.
  recorder.addEventListener('stop', () => {
    for (const track of stream.getTracks()) track.stop();
    onEnd(keeps ? new File(pieces, name, { type }) : undefined);
  });
  recorder.start();
  return {
    stop(isKept) {
      if (recorder.state === 'inactive') return;
      keeps = isKept;
      recorder.stop();
    },
  };
}
