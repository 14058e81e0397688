import { FaMetalError } from '@fa-metal/core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type ExpectedFault,
  freshWidths,
  lostDevice,
  passingFaults,
} from '../../../packages/core/test-support/faults.js';
import { missing } from '../../../packages/core/test-support/on-software-device.js';
import { controlSoftwareDevice, type SoftwareDevice } from '../../../packages/core/test-support/software-device.js';
import { float32, ours } from './support/host.js';
import type { Model, Shape } from './support/model.js';

const seconds = 10;
const widths = freshWidths();
let rows = 20;

const shape = (name: string): Shape => ['B', 'H', 'L', 'D'].map((axis) => `${name}${axis}`);
const inputs = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, ['float32', shape(name)] as const]));

/** ONNX's own op, which the execution provider takes, and ours. */
const models: Readonly<Record<string, Model>> = {
  'execution provider': {
    inputs: inputs('q', 'k', 'v') as Model['inputs'],
    outputs: { out: 'float32' },
    nodes: [{ op: 'Attention', inputs: ['q', 'k', 'v'], outputs: ['out'] }],
  },
  'custom ops': {
    inputs: inputs('q', 'k', 'v', 'dOut') as Model['inputs'],
    outputs: { dq: 'float32' },
    nodes: [
      { op: 'FlashAttention', domain: 'fa.metal', inputs: ['q', 'k', 'v'], outputs: ['out', 'lse'] },
      {
        op: 'FlashAttentionGrad',
        domain: 'fa.metal',
        inputs: ['q', 'k', 'v', 'out', 'lse', 'dOut'],
        outputs: ['dq', 'dk', 'dv'],
      },
    ],
  },
};

describe.skipIf(missing)(`faults of the software Metal device${missing && ` (${missing})`}`, () => {
  let control: SoftwareDevice;
  afterEach(() => control.clearFaults());

  async function runner(model: Model) {
    const session = await ours(model, { logSeverityLevel: 4 });
    return async (width: number, length: number) => {
      const names = Object.keys(model.inputs);
      const feeds = Object.fromEntries(names.map((name, seed) => [name, float32([1, 2, length, width], seed)]));
      return Object.values(await session.run(feeds));
    };
  }

  async function failsInTime(run: () => Promise<unknown>, { code, words }: ExpectedFault) {
    const begin = performance.now();
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(performance.now() - begin).toBeLessThan(seconds * 1000);
    expect(FaMetalError.isInstance(error), String(error)).toBe(true);
    expect((error as FaMetalError).code).toBe(code);
    expect((error as FaMetalError).message).toMatch(words);
  }

  describe.each(Object.entries(models))('through the %s', (_, model) => {
    let run: Awaited<ReturnType<typeof runner>>;
    beforeAll(async () => {
      run = await runner(model);
      await run(16, 5);
      control ??= controlSoftwareDevice();
    });

    // The custom ops' model makes two calls: the first fails, or the second one.
    const passes = model.nodes.map((_, index) => index + 1);
    const cases = passingFaults.flatMap((fault) => passes.map((pass) => ({ ...fault, pass })));

    test.each(cases)('$fault in call $pass ends as $code, and the next run works', async ({ pass, ...expected }) => {
      const { fault } = expected;
      const compiles = fault === 'compile' || fault === 'pipeline';
      const size = [compiles ? widths.next().value : 16, ++rows] as const;
      // Idle buffers are given up before memory counts as used up, so it has to fail twice.
      control.inject(fault, fault === 'allocate' ? 1 + 6 * (pass - 1) : pass, fault === 'allocate' ? 0 : 1);
      await failsInTime(() => run(...size), expected);
      control.clearFaults();
      const results = await run(...size);
      for (const { data } of results) expect((data as Float32Array).every(Number.isFinite)).toBe(true);
    });
  });

  test('a lost device is lost for every run of the process, which lives', async () => {
    for (const model of Object.values(models)) {
      const run = await runner(model);
      await run(16, 7);
      control.inject(lostDevice.fault, 1, 1);
      await failsInTime(() => run(16, 7), lostDevice);
      await failsInTime(() => run(16, 8), lostDevice);
      control.clearFaults();
    }
  });
});
