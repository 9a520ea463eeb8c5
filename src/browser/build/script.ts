import { handOver } from './names.ts';
import '../script.ts';

/** A page that is there already gets no second installation, but may wait for these names. */
try {
  handOver();
} catch {}
