import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { install, inTemporaryFolder, runText } from './support/installed.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the example runs as it stands, as an installed package, and attention is taken', async () => {
  const [, example = ''] = /^```js\n([\s\S]*?)^```/m.exec(readme) ?? [];
  const output = await inTemporaryFolder((folder) => {
    install(folder, 'project');
    const file = join(folder, 'project/example.mjs');
    // onnxruntime-node is not copied along.
    writeFileSync(file, example.replace("'onnxruntime-node'", `'${import.meta.resolve('onnxruntime-node')}'`));
    return runText(file);
  });
  expect(output.trim().split('\n')).toEqual(['[ 1, 4, 32, 64 ] 0.5', 'Attention fa-metal covered']);
});
