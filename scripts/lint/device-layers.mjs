const device = 'native/softmetal';

/**
 * The parts of the software device's src/ and what each may include, from the bottom up. Three headers of the engine are parts of
 * their own: checks and counters know them, and the rest of the engine is above both.
 */
const parts = {
  'kernel_abi.h': [],
  settings: [],
  'report/json.h': [],
  report: ['report/json.h', 'settings'],
  translate: ['kernel_abi.h'],
  compile: ['kernel_abi.h', 'settings', 'report', 'translate'],
  'count/counts.h': [],
  'engine/memory.h': [],
  'engine/dispatch.h': ['kernel_abi.h', 'settings', 'compile', 'count/counts.h'],
  'engine/observer.h': ['engine/dispatch.h'],
  count: ['kernel_abi.h', 'report', 'report/json.h', 'count/counts.h', 'engine/dispatch.h', 'engine/observer.h'],
  check: ['kernel_abi.h', 'report', 'engine/memory.h', 'engine/dispatch.h', 'engine/observer.h'],
  engine: [
    ...['kernel_abi.h', 'settings', 'compile', 'count/counts.h', 'count', 'check'],
    ...['engine/memory.h', 'engine/dispatch.h', 'engine/observer.h'],
  ],
  objc: ['settings', 'report', 'report/json.h'],
  metal: ['settings', 'report', 'translate', 'compile', 'check', 'engine/memory.h', 'engine/dispatch.h', 'objc'],
};

const inSource = (names) => names.map((name) => `${device}/src/${name}`);

/** Layers of scripts/lint/layers.mjs. Tools and the command line are clients like any other: they see the public headers. */
export const deviceLayers = [
  { folder: device, uses: [`${device}/include`, ...inSource(['report/json.h'])] },
  { folder: `${device}/include`, uses: [] },
  { folder: `${device}/stdlib`, uses: inSource(['kernel_abi.h']) },
  ...Object.entries(parts).map(([name, uses]) => ({ folder: `${device}/src/${name}`, uses: inSource(uses) })),
  { folder: `${device}/src/control.cc`, uses: [`${device}/include`, ...inSource(Object.keys(parts))] },
];
