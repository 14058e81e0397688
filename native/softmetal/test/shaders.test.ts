import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { check } from '../cli/check.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Its planted bug is a cast that Apple's compiler refuses as well. */
const illegal = 'test/bugs/write-through-cast.metal';

const files = ['--cached', '--others', '--exclude-standard'];
const shaders = execFileSync('git', ['ls-files', ...files, '*.metal'], { cwd: root })
  .toString()
  .split('\n')
  .filter((file) => file !== '');

function complaints(file: string): string {
  const path = join(root, file);
  return check([path], { include: [dirname(path), root], define: [] });
}

describe('the strict check', () => {
  test.each(shaders.filter((file) => file !== illegal))('accepts %s', (file) => {
    expect(complaints(file)).toBe('');
  });

  test(`refuses ${illegal}`, () => {
    expect(complaints(illegal)).toContain('converts between mismatching address spaces');
  });
});
