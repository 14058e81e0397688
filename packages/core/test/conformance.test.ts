import { suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { loadLibrary } from '../src/index.js';
import { memoryAdapter, publicAdapter } from './conformance-adapters.js';

const results = 'test-results';

suite({ test, adapter: loadLibrary().addon.instructionSets().map(memoryAdapter), results });
suite({
  test,
  adapter: [publicAdapter('core-sync', 'sync'), publicAdapter('core-async', 'async')],
  subset: 'smoke',
  results,
});
