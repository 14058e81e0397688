import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { type AttentionOptions, attention, type RouteName, register } from '../src/index.js';
import { fastestRoute, onTfjsNode, tf, withTensorFlow } from './support/hosts.js';
import { inTemporaryFolder } from './support/installed.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code as string);
const packageFolder = fileURLToPath(new URL('..', import.meta.url));

afterAll(() => {
  register(tf);
});

/** Runs a module as a user's, which resolves packages from here. */
async function runModule(code: string): Promise<string> {
  return inTemporaryFolder(async (folder) => {
    // Imports are resolved from where the file lies, so it brings the absolute paths along.
    const resolved = code.replace(
      /from '(@[^']+)'/g,
      (_, name: string) => `from '${import.meta.resolve(name).replace(/src\/index\.ts$/, 'dist/index.js')}'`,
    );
    const file = `${folder}/example.mjs`;
    writeFileSync(file, resolved);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: packageFolder });
    return stdout;
  });
}

test.runIf(withTensorFlow)(onTfjsNode('the example runs, its loss falls, and it names the route'), async () => {
  const lines = (await runModule(examples[0] as string)).trim().split('\n');
  const losses = lines.slice(0, 5).map(Number);
  expect(losses[4]).toBeLessThan(losses[0] as number);
  expect(lines[5]).toMatch(/^tensorflow-op /);
});

test.runIf(withTensorFlow)(
  onTfjsNode('the cure for Node 23 lets tfjs-node run where util lacks what it calls'),
  async () => {
    const cure = examples.find((code) => code.includes('util.isNullOrUndefined')) as string;
    const asOnNode23 = "import util from 'node:util';\ndelete util.isNullOrUndefined;\ndelete util.isArray;\n";
    const useTfjsNode =
      "const { default: tf } = await import('TFJS');\nconsole.log(tf.tidy(() => tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).sum().dataSync()[0]));\n";
    const use = useTfjsNode.replace('TFJS', import.meta.resolve('@tensorflow/tfjs-node'));
    await expect(runModule(asOnNode23 + use)).rejects.toThrow(/isNullOrUndefined|isArray/);
    const cured = asOnNode23 + cure.replace("import util from 'node:util';\n", '') + use;
    expect((await runModule(cured)).trim()).toBe('8');
  },
);

interface Sample {
  options: AttentionOptions;
  q?: number[];
  k?: number[];
}

test('the table of options is what the routes do', () => {
  const starts = (total: number) => tf.tensor1d([0, total], 'int32');
  const lengths = tf.tensor1d([3], 'int32');
  const samples: Record<string, Sample> = {
    layout: { options: { layout: 'bhld' } },
    scale: { options: { scale: 1 } },
    causal: { options: { causal: 'topLeft' } },
    align: { options: { align: 'topLeft' } },
    window: { options: { window: { left: 1, right: 1 } } },
    mask: { options: { mask: tf.ones([1, 1, 1, 4], 'bool') } },
    bias: { options: { bias: tf.ones([1, 1, 4, 4]) } },
    softcap: { options: { softcap: 2 } },
    alibiSlopes: { options: { alibiSlopes: tf.ones([2]) } },
    sinks: { options: { sinks: tf.ones([2]) } },
    dropout: { options: { dropout: { rate: 0.5, seed: 1n } } },
    kvLengths: { options: { kvLengths: lengths } },
    'cuSeqlensQ, cuSeqlensK': {
      q: [4, 2, 8],
      k: [4, 2, 8],
      options: { cuSeqlensQ: starts(4), cuSeqlensK: starts(4) },
    },
    blockTable: {
      k: [3, 2, 2, 8],
      options: { blockTable: tf.tensor2d([[2, 0]], [1, 2], 'int32'), kvLengths: lengths },
    },
    rope: { options: { rope: { cos: tf.ones([4, 4]), sin: tf.ones([4, 4]), style: 'half' } } },
  };
  const runs = (route: RouteName, name: string) => {
    const { q = [1, 2, 4, 8], k = q, options } = samples[name] as Sample;
    register(tf, { route });
    try {
      attention(tf.ones(q), tf.ones(k), tf.ones(k), options);
      return 'yes';
    } catch (error) {
      expect(error).toMatchObject({ code: 'UNSUPPORTED' });
      return '-';
    }
  };
  const [, table = ''] = /<!-- options -->\n([\s\S]*?)<!-- end -->/.exec(readme) ?? [];
  const rows = table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split(/ (?<!\\)\| |^\| | \|$/)
        .map((cell) => cell.trim())
        .filter(Boolean),
    );
  expect(rows.map(([name]) => name?.replaceAll('`', ''))).toEqual(Object.keys(samples));
  for (const [index, name] of Object.keys(samples).entries()) {
    const [, , native, composed] = rows[index] as string[];
    expect({ name, native: runs(fastestRoute, name), composed: runs('composed', name) }).toEqual({
      name,
      native,
      composed,
    });
    expect(runs('copy', name)).toBe(native);
  }
});
