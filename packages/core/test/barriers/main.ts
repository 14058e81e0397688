// `npm run barriers [kernel ...]`: deletes each barrier of the Metal kernels, one at a time; the checks of the software device must tell.
import { barriersOf, kernelNames, tryWithout } from './mutants.js';

const named = process.argv.slice(2);
const unknown = named.filter((name) => !kernelNames.includes(name));
if (unknown.length > 0)
  throw new Error(`expected names of kernels (${kernelNames.join(', ')}), got ${unknown.join(', ')}`);

let unseen = 0;
for (const kernel of named.length > 0 ? named : kernelNames) {
  const complaint = tryWithout(undefined, kernel);
  if (complaint) throw new Error(`${kernel} is wrong as it is: ${complaint}`);
  const barriers = barriersOf(kernel);
  if (barriers.length === 0) console.log(`${kernel}: no barrier`);
  for (const barrier of barriers) {
    const caught = tryWithout(barrier, kernel);
    if (!caught) unseen += 1;
    console.log(
      `${kernel} line ${barrier.line}: ${barrier.code}\n  ${caught ? `caught: ${shortened(caught)}` : 'NOT CAUGHT'}`,
    );
  }
}
console.log(unseen === 0 ? 'every deletion was caught' : `${unseen} deletions were not caught`);
process.exitCode = unseen === 0 ? 0 : 1;

/** From the finding on: before it stands what the host says of every failure. */
function shortened(complaint: string): string {
  const at = complaint.search(/(error|race|uninitialized)/);
  return complaint.slice(Math.max(at, 0)).slice(0, 200);
}
