import { describe, expect, test } from 'vitest';
import { flatten, metalTable } from '../msl.mjs';

// Rules of Apple's compiler that a C++ compiler, and so the strict check, does not know.
describe.each(Object.keys(metalTable.kernels))('%s', (kernel) => {
  const code = flatten(kernel)
    .replace(/\/\/.*/g, '')
    .replace(/"[^"\n]*"/g, '""');

  test('uses the keywords of functions for nothing else', () => {
    expect(code.replaceAll('[[kernel]]', '')).not.toMatch(/\b(kernel|vertex|fragment)\b/);
  });

  test('has no derived classes and no nested namespace in one line', () => {
    expect(code).not.toMatch(/\b(struct|class)\s+\w+\s*:[^:]/);
    expect(code).not.toMatch(/\bnamespace\s+\w+::/);
  });

  test('writes vectors of four to threadgroup memory only where it is declared as vectors', () => {
    const arrays = [...code.matchAll(/^ {2}threadgroup ([^;*&=]+?) \w+\[/gm)].map(([, type]) => type);
    for (const type of arrays) expect(type).toMatch(/^(vec<(T|float), [24]>|float|uint)$/);
  });
});
