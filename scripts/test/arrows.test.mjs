import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { brokenArrows } from '../lint/arrows.mjs';

let planted;

beforeEach(() => {
  planted = fs.mkdtempSync(path.join(os.tmpdir(), 'fa-metal-arrows-'));
  write('packages/core/package.json', '{ "name": "@fa-metal/core" }');
  write('packages/conformance/package.json', '{ "name": "@fa-metal/conformance" }');
  write('adapters/tfjs/package.json', '{ "name": "@fa-metal/tfjs" }');
  write('native/runtime/device.h', '');
  write('native/bridges/host.h', '');
  write('kernels/cpu/attention.h', '');
  for (const header of ['engine/worker.h', 'engine/observer.h', 'metal/device.h', 'report/report.h', 'kernel_abi.h']) {
    write(`native/softmetal/src/${header}`, '');
  }
});

afterEach(() => fs.rmSync(planted, { recursive: true }));

function write(file, text) {
  fs.mkdirSync(path.dirname(path.join(planted, file)), { recursive: true });
  fs.writeFileSync(path.join(planted, file), text);
  return file;
}

const forbidden = [
  ['packages/core/src/a.ts', "import { register } from '@fa-metal/tfjs';"],
  ['packages/core/src/a.ts', "export { suite } from '@fa-metal/conformance';"],
  ['packages/core/src/a.ts', "const load = () => import('@fa-metal/conformance/cases');"],
  ['packages/core/src/a.ts', "import '../../../adapters/tfjs/src/index.js';"],
  ['packages/conformance/src/a.ts', "import type { Tensor } from '@fa-metal/core';"],
  ['native/runtime/a.cc', '#include "bridges/host.h"'],
  ['native/runtime/a.cc', '#include <napi.h>'],
  ['native/bridges/a.cc', '#include <node_api.h>'],
  ['native/runtime/a.cc', '#include "onnxruntime_c_api.h"'],
  ['kernels/cpu/a.cc', '#include "device.h"'],
  ['kernels/cpu/a.cc', '#  include "../../native/runtime/device.h"'],
  ['native/softmetal/src/check/a.cc', '#include "engine/worker.h"'],
  ['native/softmetal/src/engine/a.cc', '#include "metal/device.h"'],
  ['native/softmetal/src/settings/a.cc', '#include "report/report.h"'],
  ['native/softmetal/stdlib/run/a.h', '#include "report/report.h"'],
  ['native/softmetal/tools/a.cc', '#include "metal/device.h"'],
  ['native/softmetal/src/engine/a.cc', '#include "cpu/attention.h"'],
];

test.each(forbidden)('%s must not contain %s', (file, text) => {
  expect(brokenArrows(planted, [write(file, text)])).toEqual([expect.stringContaining(file)]);
});

const allowed = [
  ['adapters/tfjs/src/a.ts', "import { openDevice } from '@fa-metal/core';\nimport fs from 'node:fs';"],
  ['packages/core/test/a.test.ts', "import { suite } from '@fa-metal/conformance';"],
  ['benchmarks/a.ts', "import { register } from '@fa-metal/tfjs';"],
  ['native/runtime/a.cc', '#include "device.h"\n#include "cpu/attention.h"\n#include <vector>'],
  ['native/bridges/a.cc', '#include "runtime/device.h"'],
  ['native/addon/a.cc', '#include "bridges/host.h"\n#include <napi.h>'],
  ['native/softmetal/src/check/a.cc', '#include "engine/observer.h"\n#include "report/report.h"'],
  ['native/softmetal/stdlib/run/a.h', '#include "kernel_abi.h"'],
  ['native/softmetal/test/unit/a_test.cc', '#include "engine/worker.h"'],
];

test.each(allowed)('%s may contain %s', (file, text) => {
  expect(brokenArrows(planted, [write(file, text)])).toEqual([]);
});
