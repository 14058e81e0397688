import { families, suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { goldVectors } from '../../../packages/conformance/test-support/gold-vectors.js';
import { conformanceAdapter } from './support/conformance-adapter.js';
import { backendNames, places } from './support/hosts.js';

suite({
  test,
  subset: 'smoke',
  families: [...families, goldVectors()],
  results: 'test-results',
  adapter: places.map(([route, backend]) => conformanceAdapter(route, backend)),
});

// A plain product of tensors spreads NaN to every row, so the route made of them runs these whole.
suite({
  test,
  filter: 'nonFinite',
  adapter: backendNames.map((backend) => conformanceAdapter('composed', backend)),
});
