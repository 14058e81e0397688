import { families, suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { goldVectors } from '../../conformance/test-support/gold-vectors.js';
import { loadLibrary } from '../src/index.js';
import { memoryAdapters, publicAdapter } from './conformance-adapters.js';

const shared = { test, families: [...families, goldVectors()], results: 'test-results' };

suite({ ...shared, adapter: loadLibrary().addon.instructionSets().flatMap(memoryAdapters) });
const callers = (['sync', 'async', 'from-lse'] as const).map((mode) => publicAdapter(`core-${mode}`, mode));
suite({ ...shared, adapter: callers, subset: 'smoke' });
