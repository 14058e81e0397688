import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NativeBackwardCall, NativeDeviceConfig, NativeForwardCall, NativeProblem } from '../../src/index.js';
import { decoder, encode } from './wire.mjs';

/** How to start a Node for another processor, and the native binary that it loads. */
export interface RemoteNode {
  emulator: string;
  node: string;
  addon: string;
}

interface Answer {
  value?: unknown;
  error?: { message: string; code?: string; argument?: string };
}

/** The native binary in another process, one call at a time. Results are in the caller's memory when a call has settled. */
export class RemoteAddon {
  readonly #process: ChildProcess;
  #settle: ((answer: Answer) => void) | undefined;
  #sent: readonly ArrayBuffer[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #ended = '';

  constructor({ emulator, node, addon }: RemoteNode) {
    const server = fileURLToPath(new URL('server.mjs', import.meta.url));
    const child = spawn(emulator, [node, server, addon], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    child.stdout.on(
      'data',
      decoder((answer, buffers) => this.#receive(answer as Answer, buffers)),
    );
    child.on('error', ({ message }) => this.#end(message));
    child.on('exit', (status, signal) => this.#end(`it ended with ${signal ?? `exit status ${status}`}`));
    // Its end is told by 'exit'.
    child.stdin.on('error', () => {});
  }

  about = () => this.call('about') as Promise<{ architecture: string; instructionSets: string[] }>;

  async open(config: NativeDeviceConfig): Promise<RemoteDevice> {
    return new RemoteDevice(this, (await this.call('open', config)) as number);
  }

  close(): void {
    this.#process.kill();
  }

  /** @throws Error with the code and argument of the other process's */
  call(operation: string, argument?: unknown, device?: number): Promise<unknown> {
    const result = this.#turn.then(() => this.#exchange({ operation, argument, device }));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #exchange(request: { operation: string; argument: unknown; device: number | undefined }): Promise<unknown> {
    if (this.#ended) throw new Error(`the emulated process is gone: ${this.#ended}`);
    const { value, error } = await new Promise<Answer>((settle) => {
      this.#settle = settle;
      this.#sent = buffersOf(request.argument);
      for (const part of encode(request, this.#sent)) this.#process.stdin?.write(part);
    });
    if (error !== undefined) throw Object.assign(new Error(error.message), error);
    return value;
  }

  #receive(answer: Answer, buffers: readonly ArrayBuffer[]): void {
    this.#sent.forEach((buffer, index) => new Uint8Array(buffer).set(new Uint8Array(buffers[index]!)));
    this.#settle?.(answer);
  }

  #end(why: string): void {
    this.#ended ||= why;
    this.#settle?.({ error: { message: `the emulated process is gone: ${this.#ended}` } });
  }
}

/** As NativeDevice, but for the promises. */
export class RemoteDevice {
  constructor(
    private readonly addon: RemoteAddon,
    private readonly number: number,
  ) {}

  plan = (problem: NativeProblem) => this.addon.call('plan', withoutData(problem), this.number);
  forward = (call: NativeForwardCall) => this.addon.call('forward', call, this.number);
  backward = (call: NativeBackwardCall) => this.addon.call('backward', call, this.number);
}

/** The memory of a call, each once. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (item: unknown) => {
    if (ArrayBuffer.isView(item)) found.add(item.buffer as ArrayBuffer);
    else if (typeof item === 'object' && item !== null) Object.values(item).forEach(visit);
  };
  visit(value);
  return [...found];
}

/** A plan looks at no memory. */
function withoutData(value: unknown): unknown {
  if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutData);
  const entries = Object.entries(value).filter(([name, item]) => !(name === 'data' && ArrayBuffer.isView(item)));
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutData(item)]));
}
