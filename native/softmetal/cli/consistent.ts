import type { RunOptions } from './run.js';

/** What no option can tell by itself: throws when they do not fit together. */
export function requireConsistent({ grid, total, buffer, bytes, tgmem, print }: RunOptions): void {
  if (!grid === !total) throw new Error('expected --grid X,Y,Z (threadgroups) or --total X,Y,Z (threads)');
  // Buffers and bytes share one argument table.
  const argument = repeated([...buffer, ...bytes]);
  if (argument) throw new Error(`expected one --buffer or --bytes for each index, got several for ${argument.index}`);
  const memory = repeated(tgmem);
  if (memory) throw new Error(`expected one --tgmem for each index, got several for ${memory.index}`);
  const unknown = print.find(({ index }) => buffer.every((one) => one.index !== index));
  if (unknown) throw new Error(`expected the index of a --buffer, got --print ${unknown.index}`);
}

const repeated = (list: { index: number }[]) =>
  list.find(({ index }, at) => list.findIndex((other) => other.index === index) < at);
