// A process of contestants that run in Node: `node-host.ts <process> <threads>`.
import { writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Host, type Loaded, timeFastest } from './host.js';
import type { Answer, Hello, Request } from './messages.js';

const answerDescriptor = 3;
const [name = '', threads = '1'] = process.argv.slice(2);
const loaded = new Map<string, Loaded>();

try {
  const host = await openHost(name, Number(threads));
  say({ versions: host.versions });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await answer(host, JSON.parse(line) as Request));
    } catch (error) {
      say({ error: messageOf(error) });
    }
  }
} catch (error) {
  say({ error: messageOf(error) });
}

async function openHost(name: string, threads: number): Promise<Host> {
  if (name === 'yardstick tfjs-node') return (await import('./tfjs-yardstick.js')).openYardstick();
  if (name === 'tfjs-node' || name === 'tfjs wasm') return (await import('./tfjs.js')).openTensorFlow(name);
  if (name === 'onnxruntime-node') return (await import('./onnxruntime.js')).openOnnxRuntime(threads);
  return (await import('./fused.js')).openCore(threads);
}

async function answer(host: Host, request: Request): Promise<Answer> {
  if (request.ask === 'load') {
    const { id, contestant, problem, parts = [] } = request;
    loaded.set(id, await host.load(contestant, problem, parts));
    return {};
  }
  const yardstick = host.yardsticks?.[request.id];
  if (yardstick && request.ask === 'time') return { seconds: await timeFastest(yardstick, request.seconds) };
  const problem = loaded.get(request.id);
  if (!problem) throw new Error(`nothing is loaded as ${request.id}`);
  if (request.ask === 'time') {
    return { seconds: await timeFastest(() => problem.run(request.direction), request.seconds) };
  }
  if (request.ask === 'run') {
    await problem.run(request.direction);
    return {};
  }
  if (request.ask === 'results') {
    const results = Object.entries(await problem.results(request.direction));
    for (const [name, values] of results) writeFileSync(path.join(request.folder, name), Float32Array.from(values));
    return { names: results.map(([name]) => name) };
  }
  loaded.delete(request.id);
  await problem.release();
  return {};
}

function say(message: Answer | Hello): void {
  writeSync(answerDescriptor, `${JSON.stringify(message)}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
