// Prints the device profiles named on the command line as C++ initialisers of softmetal::Profile
// (src/settings/profile.h). Every key is a field: a missing one or one too many stops the build.
import { readFileSync } from 'node:fs';

const TEXT = ['profile', 'name', 'architecture', 'driverErrorDomain'];
const NUMBERS = [
  'registryId',
  'maxThreadsPerThreadgroup',
  'threadExecutionWidth',
  'maxThreadgroupMemoryLength',
  'maxBufferLength',
  'recommendedMaxWorkingSetSize',
  'bufferArguments',
  'threadgroupArguments',
  'maxBytesLength',
  'noCopyAlignment',
  'maxCommandBuffers',
  'maxLanguageVersion',
];
const FIELDS = [...TEXT, ...NUMBERS, 'families'];

const snakeCase = (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function literal(key, value) {
  if (TEXT.includes(key)) return JSON.stringify(value);
  if (key === 'families') return `{${value.join(', ')}}`;
  return `${BigInt(value)}u`;
}

function initialiser(path) {
  const profile = JSON.parse(readFileSync(path, 'utf8'));
  const keys = new Set([...FIELDS, ...Object.keys(profile)]);
  for (const key of keys) {
    if (!(key in profile)) throw new Error(`${path}: '${key}' is missing`);
    if (!FIELDS.includes(key)) throw new Error(`${path}: '${key}' is no field of a profile`);
  }
  const fields = FIELDS.map((key) => `.${snakeCase(key)} = ${literal(key, profile[key])}`);
  return `{${fields.join(', ')}},`;
}

console.log(process.argv.slice(2).map(initialiser).join('\n'));
