import { describe, expect, it } from 'vitest';
import { batches, encode, loadCorpus } from '../demo/corpus.js';

describe('corpus', () => {
  it('numbers characters in code point order', () => {
    const { characters, tokens } = encode('abca');
    expect(characters).toEqual(['a', 'b', 'c']);
    expect([...tokens]).toEqual([0, 1, 2, 0]);
  });

  it('is the whole novel', () => {
    const corpus = loadCorpus();
    expect(corpus.tokens.length).toBeGreaterThan(1_000_000);
    expect(corpus.characters.length).toBeLessThan(120);
    const text = Array.from(corpus.tokens.subarray(0, 40_000), (token) => corpus.characters[token]).join('');
    expect(text).toContain('Ishmael');
  });
});

describe('batches', () => {
  const corpus = encode('the quick brown fox jumps over the lazy dog');

  it('gives targets one character behind the inputs', () => {
    const { inputs, targets } = batches(corpus, 3, 8, 1).next().value as { inputs: Int32Array; targets: Int32Array };
    for (let row = 0; row < 3; row++) {
      expect([...targets.subarray(row * 8, row * 8 + 7)]).toEqual([...inputs.subarray(row * 8 + 1, row * 8 + 8)]);
    }
  });

  it('repeats itself for the same seed only', () => {
    const first = (seed: number) => [...(batches(corpus, 4, 8, seed).next().value as { inputs: Int32Array }).inputs];
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
  });
});
