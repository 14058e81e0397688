import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Answer, Hello, Request } from './messages.js';

/** How to start the process of a contestant. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It cannot make the inputs of a problem itself. */
  readonly readsFiles?: boolean;
}

/** A process that answers requests, one at a time. */
export class PeerProcess {
  private readonly answers: AsyncIterator<string>;
  private complaints = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
    /** Its inputs come in files. */
    readonly readsFiles: boolean,
  ) {
    this.answers = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.complaints = (this.complaints + text).slice(-2000);
    });
    // A process that ended is told by its missing answer.
    child.stdin?.on('error', () => {});
  }

  /** Starts it; rejects with the reason when it cannot do its work here. */
  static async start(
    name: string,
    { program, args, cwd, env, readsFiles = false }: Command,
  ): Promise<[PeerProcess, Hello]> {
    const child = spawn(program, args, {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    const peer = new PeerProcess(child, name, readsFiles);
    const hello = (await Promise.race([peer.next(), failed])) as Hello;
    failed.catch(() => {});
    return [peer, hello];
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async ask(request: Request): Promise<Exclude<Answer, { error: string }>> {
    (this.child.stdin as Writable).write(`${JSON.stringify(request)}\n`);
    return (await this.next()) as Exclude<Answer, { error: string }>;
  }

  /** Lets it end by itself. */
  async close(): Promise<void> {
    if (this.ended) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    const timer = setTimeout(() => this.child.kill(), 5000);
    await ended;
    clearTimeout(timer);
  }

  private async next(): Promise<unknown> {
    const line = await this.answers.next();
    if (line.done) throw new Error(await this.lastWords());
    const answer = JSON.parse(line.value);
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  }

  private async lastWords(): Promise<string> {
    if (!this.ended) await once(this.child, 'exit');
    const complaint = this.complaints.trim().split('\n').at(-1) ?? '';
    return `the process of ${this.name} ended with ${this.child.signalCode ?? `status ${this.child.exitCode}`}: ${complaint}`;
  }
}
