import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freshWidths, lostDevice, passingFaults } from '../../../packages/core/test-support/faults.js';
import { missing } from '../../../packages/core/test-support/on-software-device.js';
import { controlSoftwareDevice, type SoftwareDevice } from '../../../packages/core/test-support/software-device.js';
import { attention, register } from '../src/index.js';
import { errorOf } from './support/errors.js';
import { mainBackend, places, tf } from './support/hosts.js';

type Tensor = ReturnType<typeof tf.tensor>;
const seconds = 10;
const widths = freshWidths();

describe.skipIf(missing)(`faults of the software Metal device${missing && ` (${missing})`}`, () => {
  const native = places.filter(([route]) => route !== 'composed');
  let control: SoftwareDevice;
  let rows = 20;
  const use = ([route, backend]: (typeof places)[number]) => {
    tf.setBackend(backend);
    register(tf, { route });
    control ??= controlSoftwareDevice();
  };
  afterEach(() => control.clearFaults());

  /** Sizes that no call before had, so that kernels and buffers are made anew. */
  const inputsOf = (width: number, rows: number) =>
    [1, 2, 3].map((seed) => tf.randomNormal([1, 2, rows, width], 0, 1, 'float32', seed)) as [Tensor, Tensor, Tensor];
  const forward = (inputs: [Tensor, Tensor, Tensor]) => attention(...inputs).dataSync();
  const backward = (inputs: [Tensor, Tensor, Tensor]) =>
    tf
      .grads((...x: Tensor[]) => attention(...(x as typeof inputs)).sum())(inputs)
      .map((x) => x.dataSync());

  function failsInTime(call: () => unknown, { code, words }: { code: string; words: RegExp }) {
    const begin = performance.now();
    const error = errorOf(() => tf.tidy(() => void call()));
    expect(performance.now() - begin).toBeLessThan(seconds * 1000);
    expect(error).toMatchObject({ code, argument: 'device' });
    expect(error.message).toMatch(words);
  }

  describe.each(native)('through %s on %s', (...place) => {
    beforeAll(() => use(place));

    test.each(passingFaults)('$fault ends as $code, forward and backward, and the next call works', (expected) => {
      const { fault } = expected;
      const inputs = inputsOf(fault === 'compile' || fault === 'pipeline' ? widths.next().value : 16, ++rows);
      const before = tf.memory().numTensors;
      // Idle buffers are given up before memory counts as used up, so it has to fail twice.
      const times = fault === 'allocate' ? 0 : 1;
      control.inject(fault, 1, times);
      failsInTime(() => forward(inputs), expected);
      control.clearFaults();
      expect(tf.memory().numTensors).toBe(before);
      expect(tf.tidy(() => forward(inputs)).every(Number.isFinite)).toBe(true);
      // The forward pass of a gradient is another command buffer; its kernels and buffers are there by now.
      control.inject(fault, fault.startsWith('commit') ? 2 : 1, times);
      failsInTime(() => backward(inputs), expected);
      control.clearFaults();
      expect(
        tf
          .tidy(() => backward(inputs))
          .flatMap((x) => [...x])
          .every(Number.isFinite),
      ).toBe(true);
    });
  });

  test('a lost device is lost for every call of the process, which lives', () => {
    const inputs = inputsOf(16, 7);
    // The copy route has one device for all backends.
    for (const place of native.filter(([, backend]) => backend === mainBackend)) {
      use(place);
      tf.tidy(() => forward(inputs));
      control.inject(lostDevice.fault, 1, 1);
      failsInTime(() => forward(inputs), lostDevice);
      failsInTime(() => backward(inputs), lostDevice);
      control.clearFaults();
    }
    register(tf, { route: 'composed' });
    expect(tf.tidy(() => forward(inputs)).every(Number.isFinite)).toBe(true);
  });
});
