import seedrandom from 'seedrandom';
import type { Direction, Problem, Trial } from '../report/schema.js';
import { ours, passes, selfAttention } from './problems.js';

/** Packed sequences against the same work without packing. */
export function varlen(quick: boolean): Trial[] {
  const trialsOf = (direction: Direction): Trial[] => [
    { suite: 'varlen', name: 'lengths drawn from 1 to 1024', direction, entrants: againstParts(drawn(8, 1024)) },
    { suite: 'varlen', name: '4 equal lengths of 1024', direction, entrants: againstBatch(4, 1024) },
  ];
  return quick ? trialsOf('forward+backward').slice(0, 1) : passes.flatMap(trialsOf);
}

/** Packed, and each sequence in a call of its own. */
function againstParts(lengths: readonly number[]) {
  const whole = packed(lengths);
  return [
    ours(whole, 'packed'),
    { ...ours(whole, 'one call each'), parts: lengths.map((length) => selfAttention(length, { causal: true })) },
  ];
}

/** A plain batch, and the same one packed: what packing itself costs. */
function againstBatch(batch: number, length: number) {
  const lengths = Array.from({ length: batch }, () => length);
  return [ours(selfAttention(length, { batch, causal: true }), 'plain batch'), ours(packed(lengths), 'packed')];
}

function packed(lengths: readonly number[]): Problem {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return selfAttention(total, { causal: true, options: { lengths } });
}

/** The same lengths in every run. */
export function drawn(count: number, longest: number): number[] {
  const random = seedrandom('lengths');
  return Array.from({ length: count }, () => 1 + Math.floor(random() * longest));
}
