import { families, suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import { goldVectors } from '../../conformance/test-support/gold-vectors.js';
import { openDeviceSync } from '../src/index.js';
import { chunkedAdapter } from './chunked-adapter.js';

const device = openDeviceSync({ backend: 'cpu' });

suite({
  test,
  families: [...families, goldVectors()],
  subset: 'smoke',
  adapter: [5, 32].map((length) => chunkedAdapter(`core-chunked-${length}`, device, length)),
});
