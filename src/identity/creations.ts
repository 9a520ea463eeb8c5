import type { Creations } from '../guard/creator.ts';
import type { Records } from '../guard/records.ts';
import { subjectName } from '../guard/subject.ts';

/** Who created what, kept in records. */
export function createCreations({ objects }: Pick<Records, 'objects'>): Creations {
  return {
    creatorOf: (of, id) => objects.ownerOf(of, id),
    record: ({ of, id, subject, keepsFirst }) =>
      objects.own({ kind: of, object: id, owner: subjectName(subject), keepsFirst }),
    forget: (of, id) => objects.disown(of, id),
  };
}
