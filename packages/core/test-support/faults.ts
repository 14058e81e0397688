import type { Fault } from './software-device.js';

/** How one failure of the GPU looks to a caller. */
export interface ExpectedFault {
  fault: Fault;
  code: string;
  /** In the message: what the GPU said. */
  words: RegExp;
}

/** After these, the next call works. */
export const passingFaults: readonly ExpectedFault[] = [
  { fault: 'compile', code: 'COMPILE_FAILED', words: /injected fault/ },
  { fault: 'pipeline', code: 'COMPILE_FAILED', words: /injected fault/ },
  { fault: 'allocate', code: 'OUT_OF_MEMORY', words: /room for a buffer/ },
  { fault: 'commit-memory', code: 'OUT_OF_MEMORY', words: /Insufficient Memory/ },
  { fault: 'commit-timeout', code: 'TIMEOUT', words: /Timeout/ },
];

/** A process's device stays lost. */
export const lostDevice: ExpectedFault = {
  fault: 'commit-lost',
  code: 'DEVICE_LOST',
  words: /lost|Lost|removed|Removed/,
};

/** Widths for which each call needs kernels that no other call has made. */
export function* freshWidths(): Generator<number, never> {
  yield* [32, 40, 64, 72, 80, 96, 128, 192, 256];
  throw new Error('every width of the table is in use');
}
