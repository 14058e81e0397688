import fs from 'node:fs';
import path from 'node:path';

/** The first fenced `js` block of a package's README: its example, which must run as it stands. */
export function readmeExample(packageFolder) {
  const text = fs.readFileSync(path.join(packageFolder, 'README.md'), 'utf8');
  return /^```js\n([\s\S]*?)^```/m.exec(text)?.[1];
}
