import { spawn } from 'node:child_process';
import { root } from './paths.mjs';

const shownLines = 30;

/** A command that failed, with the end of what it printed. */
export class CommandError extends Error {
  constructor(command, args, reason, output) {
    const tail = output.trimEnd().split('\n').slice(-shownLines).join('\n');
    super(`${[command, ...args].join(' ')}: ${reason}${tail ? `\n${tail}` : ''}`);
    this.name = 'CommandError';
    this.output = output;
  }
}

/**
 * Runs a command and resolves to all it printed. `show` lets it print to the terminal instead.
 * Rejects with a CommandError when it cannot start, exits with another status than 0, or outlasts `timeout` milliseconds.
 */
export function run(command, args, { cwd = root, env = {}, show = false, timeout } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      timeout,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => reject(new CommandError(command, args, error.message, output)));
    child.on('close', (status, signal) => {
      if (status === 0) resolve(output);
      else reject(new CommandError(command, args, signal ? `ended by ${signal}` : `exit status ${status}`, output));
    });
  });
}

/** What a command prints, or undefined when it is missing or fails. */
export async function tryRun(command, args, options) {
  try {
    return (await run(command, args, options)).trim();
  } catch {
    return undefined;
  }
}
