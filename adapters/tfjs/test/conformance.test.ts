import { suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { conformanceAdapter } from './support/conformance-adapter.js';

const results = 'test-results';

suite({
  test,
  subset: 'smoke',
  results,
  adapter: [
    conformanceAdapter('tensorflow-op', 'tensorflow'),
    conformanceAdapter('copy', 'tensorflow'),
    conformanceAdapter('composed', 'tensorflow'),
    conformanceAdapter('copy', 'cpu'),
    conformanceAdapter('composed', 'cpu'),
  ],
});
