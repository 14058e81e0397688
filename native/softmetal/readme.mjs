// Fills the parts of README.md that are written elsewhere: between `<!-- begin NAME -->` and `<!-- end NAME -->`.
// `node readme.mjs --check` fails when they are out of date.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const file = (name) => path.join(folder, name);
const read = (name) => fs.readFileSync(file(name), 'utf8');
const program = file('bin/softmetal.mjs');
const fenced = (language, text) => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

/** The first example of the README, run: the shader lies between the prompt and the command. */
function firstRun(readme) {
  const [, source] = /\$ cat shift\.metal\n([\s\S]*?)\n\n\$ npx softmetal/.exec(readme);
  const [, words] = /\$ npx softmetal (run shift\.metal [\s\S]*?--validate)\n/.exec(readme);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'softmetal-readme-'));
  try {
    fs.writeFileSync(path.join(scratch, 'shift.metal'), source);
    const run = spawnSync(process.execPath, [program, ...words.replaceAll('\\\n', ' ').split(/\s+/)], {
      cwd: scratch,
      encoding: 'utf8',
    });
    const [reports] = run.stderr.split(/^run: /m);
    return `${fenced('', `$ cat shift.metal\n${source}\n\n$ npx softmetal ${words}\n${reports}`)}`;
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}

function kinds() {
  const rows = [...read('src/report/kinds.inc').matchAll(/^SOFTMETAL_REPORT\(\w+,\s*"(.*?)",\s*"(.*?)"\)/gms)];
  return [
    '| kind | what it is |',
    '|---|---|',
    ...rows.map(([, slug, meaning]) => `| \`${slug}\` | ${meaning} |`),
  ].join('\n');
}

const parts = {
  'first run': firstRun,
  client: () => fenced('cpp', read('examples/client.cc')),
  settings: () =>
    execFileSync(process.execPath, [program, 'settings', '--format', 'markdown'], { encoding: 'utf8' }).trimEnd(),
  kinds,
};

const before = read('README.md');
const after = Object.entries(parts).reduce((text, [name, make]) => {
  const place = new RegExp(`(<!-- begin ${name} -->\n)[\\s\\S]*?(\n<!-- end ${name} -->)`);
  if (!place.test(text)) throw new Error(`README.md has no place for '${name}'`);
  return text.replace(place, (_, begin, end) => `${begin}${make(text)}${end}`);
}, before);

if (before !== after) {
  if (process.argv.includes('--check')) {
    console.error('README.md of softmetal is out of date: run `node native/softmetal/readme.mjs`');
    process.exitCode = 1;
  } else {
    fs.writeFileSync(file('README.md'), after);
  }
}
