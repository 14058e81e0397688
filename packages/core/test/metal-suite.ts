import { families, suite } from '@fa-metal/conformance';
import { test } from 'vitest';
import type { Device } from '../src/index.js';
import { metalAdapter, preferences } from './metal-adapters.js';

/** Declares the conformance suite's tests for the Metal backend: a stable tenth, by what it chooses and by what can be forced. */
export function testConformance(device: Device): void {
  const adapter = Object.entries(preferences).map(([name, preferred]) =>
    metalAdapter({ name: `core-metal-${device.info.family}-${name}`, device, preferred }),
  );
  suite({ test, families, results: 'test-results', adapter, subset: 'smoke' });
}
