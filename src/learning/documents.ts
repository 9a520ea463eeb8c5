import { readDocument } from '../guard/schema/openapi.ts';
import { createEngine } from '../guard/schema/engine.ts';
import { readStructured } from '../guard/schema/files.ts';
import { SallyportError } from '../guard/errors.ts';

/**
 * The calls that an OpenAPI 3.1 document lists, as a configuration would name them.
 *
 * @throws SallyportError where it cannot be used, and why
 */
export function callsIn(file: string): readonly string[] {
  try {
    return readDocument(readStructured(file), createEngine()).map(({ match }) => match);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SallyportError('usage', `${file}: ${why}`);
  }
}
