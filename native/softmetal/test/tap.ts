import { spawn, spawnSync } from 'node:child_process';

/** What runs a program of another architecture, e.g. `qemu-aarch64-static`; empty: nothing in between. */
const runner = process.env.SOFTMETAL_RUNNER?.split(' ') ?? [];
const secondsAllowed = runner.length > 0 ? 900 : 300;
const atOnce = 2;

export interface Outcome {
  passed: boolean;
  /** Why it did not run. */
  skipped?: string;
  /** What the program said about it. */
  remarks: string;
}

export interface ProgramRun {
  outcomes: Map<string, Outcome>;
  /** How it ended, when not well, with the end of its output. */
  trouble?: string;
}

function commandLine(program: string, words: string[]): [string, string[]] {
  const [command = program, ...rest] = [...runner, program, ...words];
  return [command, rest];
}

/** The names of a program's cases. */
export function listCases(program: string): string[] {
  const [command, words] = commandLine(program, ['--list']);
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} --list: ${error?.message ?? `ended with ${status}`}\n${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

let running = 0;
const waiting: (() => void)[] = [];

/** Runs a program and reads the lines of the Test Anything Protocol that it prints. */
export async function runProgram(program: string): Promise<ProgramRun> {
  if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await runNow(program);
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function runNow(program: string): Promise<ProgramRun> {
  const [command, words] = commandLine(program, []);
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), secondsAllowed * 1000);
    let tap = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      tap += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      all += text;
    });
    const finish = (end: string | undefined) => {
      clearTimeout(limit);
      const last = all.split('\n').slice(-40).join('\n');
      resolve({ outcomes: parseTap(tap), ...(end ? { trouble: `the program ${end}; its last lines:\n${last}` } : {}) });
    };
    child.on('error', (error) => finish(`did not start: ${error.message}`));
    child.on('close', (status, signal) => {
      if (signal === 'SIGKILL') finish(`was ended after ${secondsAllowed} s`);
      else finish(status === 0 ? undefined : `ended by ${signal ?? `exit status ${status}`}`);
    });
  });
}

/** `ok 1 - name`, `not ok 2 - name`, `ok 3 - name # SKIP reason`; lines with `#` that follow belong to the case before. */
export function parseTap(text: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  let last: Outcome | undefined;
  for (const line of text.split('\n')) {
    const [, not, name, skipped] = /^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$/.exec(line) ?? [];
    if (name !== undefined) {
      last = { passed: !not, remarks: '', ...(skipped ? { skipped } : {}) };
      outcomes.set(name, last);
    } else if (last && line.startsWith('# ')) {
      last.remarks += `${line.slice(2)}\n`;
    }
  }
  return outcomes;
}
