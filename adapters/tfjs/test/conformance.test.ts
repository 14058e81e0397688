import { families, suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { goldVectors } from '../../../packages/conformance/test-support/gold-vectors.js';
import { conformanceAdapter } from './support/conformance-adapter.js';

suite({
  test,
  subset: 'smoke',
  families: [...families, goldVectors()],
  results: 'test-results',
  adapter: [
    conformanceAdapter('tensorflow-op', 'tensorflow'),
    conformanceAdapter('copy', 'tensorflow'),
    conformanceAdapter('composed', 'tensorflow'),
    conformanceAdapter('copy', 'cpu'),
    conformanceAdapter('composed', 'cpu'),
  ],
});

// A plain product of tensors spreads NaN to every row, so the route made of them runs these whole.
suite({
  test,
  filter: 'nonFinite',
  adapter: [conformanceAdapter('composed', 'tensorflow'), conformanceAdapter('composed', 'cpu')],
});
