import type { SuiteName, Trial } from '../report/schema.js';
import { avx2 } from './avx2.js';
import { decode } from './decode.js';
import { growth, lengths, shapes, types } from './lengths.js';
import { options, peaked, windows } from './options.js';
import { overhead } from './overhead.js';
import { varlen } from './varlen.js';

/** All that `npm run bench` times, in the order of the page. `quick` is a smaller choice of the same trials. */
export const suites: Readonly<Partial<Record<SuiteName, (quick: boolean) => Trial[]>>> = {
  lengths,
  growth,
  shapes,
  types,
  options,
  window: windows,
  varlen,
  peaked,
  decode,
  avx2,
  overhead,
};
