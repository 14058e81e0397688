/** `npx tsx native/darwin/check.ts <addon.node | core's tarball>`: whether macOS on Apple silicon would load the binary. */
import { createHash } from 'node:crypto';
import { expectedBinary } from './expected.js';
import { readBinary } from './read-binary.js';
import { problemsOf, rules } from './rules.js';

const [file] = process.argv.slice(2);
if (!file) throw new Error('[check] expected the path of a binary or of a tarball');
const bytes = readBinary(file);
const problems = problemsOf(bytes, expectedBinary());
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${file}: ${Object.keys(rules).join(', ')}: as expected`);
console.log(`${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`);
