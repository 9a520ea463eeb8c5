import { labelled } from '../../wire/build.ts';
import { type Transcript, transcript as plainTranscript } from '../../wire/entry.ts';
import { current } from './names.ts';

export * from '../../wire/entry.ts';

/** Keys of this build are derived with its label. */
export function transcript(seen: Transcript): Uint8Array<ArrayBuffer> {
  return labelled(current().label, plainTranscript(seen));
}
