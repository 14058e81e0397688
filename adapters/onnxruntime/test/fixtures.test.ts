import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { assigned, difference, ort } from './support/host.js';
import { readSafetensors } from './support/safetensors.js';

const folder = fileURLToPath(new URL('fixtures/', import.meta.url));
const models = readdirSync(folder)
  .filter((name) => name.endsWith('.onnx'))
  .map((name) => name.replace('.onnx', ''));
const sets = ['a', 'b'];

/** Which rows of the last axis belong to tokens; exporters disagree about rows of padding. */
function rowsOfTokens(mask: InstanceType<typeof ort.Tensor> | undefined, rows: number): boolean[] {
  return Array.from(
    { length: rows },
    (_, row) => mask === undefined || Number((mask.data as BigInt64Array)[row]) === 1,
  );
}

test.each(models.flatMap((name) => sets.map((set) => [name, set] as const)))('%s, set %s', async (name, set) => {
  const tensors = readSafetensors(`${folder}${name}.safetensors`);
  const session = await ort.InferenceSession.create(`${folder}${name}.onnx`, {
    executionProviders: ['fa-metal'],
    intraOpNumThreads: 1,
  });
  const { here, elsewhere } = assigned(session);
  expect(new Set(here)).toEqual(new Set(['Attention']));
  expect(elsewhere).not.toHaveProperty('Attention');

  const results = await session.run(
    Object.fromEntries(session.inputNames.map((input) => [input, tensors.get(`${set}.in.${input}`)!])),
  );
  const compared = session.outputNames.filter((output) => tensors.has(`${set}.f64.${output}`));
  expect(compared.length).toBeGreaterThan(0);
  for (const output of compared) {
    const expected = tensors.get(`${set}.f64.${output}`)!;
    const width = expected.dims.at(-1)!;
    const tokens = rowsOfTokens(tensors.get(`${set}.in.attention_mask`), expected.size / width);
    const kept = (values: ArrayLike<number>) =>
      Array.from(values).filter((_, index) => tokens[Math.floor(index / width)]);
    const [got, right] = [kept(results[output]!.data as Float32Array), kept(expected.data as Float64Array)];
    expect(difference(got, right) / Math.max(...right.map(Math.abs)), output).toBeLessThan(1e-5);
  }
});
