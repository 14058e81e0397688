import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Entrants, type Ready } from '../attention/entrants.js';
import { Harness } from '../attention/harness.js';
import { findContestant, peers } from '../attention/peers/contestants.js';
import { PeerProcess } from '../attention/peers/process.js';
import type { Processes } from '../attention/peers/processes.js';
import { findPythons } from '../attention/peers/python.js';
import { whyNoTfjsNode } from '../demo/tensorflow.js';
import type { Trial } from '../report/schema.js';
import { selfAttention, withOptions } from '../suites/problems.js';

const problem = selfAttention(32, { heads: 2, headDim: 16, causal: true });
const trial = (names: readonly string[], direction: Trial['direction'] = 'forward', of = problem): Trial => ({
  suite: 'lengths',
  name: 'small',
  direction,
  entrants: names.map((who) => ({ who, problem: of })),
});
const pythons = findPythons(undefined);
const noTfjs = whyNoTfjsNode();

describe('contestants in processes of their own', { timeout: 120_000 }, () => {
  const folders = () => readdirSync(os.tmpdir()).filter((name) => name.startsWith('fa-metal-bench-'));
  const before = folders();
  let harness: Harness;
  beforeAll(() => {
    harness = new Harness({ threads: 1, pythons }, { rounds: 3, seconds: 0.001 });
  });
  afterAll(async () => {
    await harness.close();
    expect(folders().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('are checked, timed and told beside ours, whatever they are installed as', async () => {
    const all = ['fa-metal', 'fa-metal scalar', 'fa-metal onnxruntime', ...peers.map(({ name }) => name)];
    const { entries, omitted } = await harness.measure(trial(all));
    const here = all.filter((name) => !omitted.some(({ who, kind }) => who === name && kind === 'absent'));
    expect(entries.map(({ who }) => who)).toEqual(here);
    expect(here).toEqual(
      expect.arrayContaining(['fa-metal', 'ORT Attention', 'ORT MultiHeadAttention', 'ORT GroupQueryAttention']),
    );
    for (const { seconds, share, ratio } of entries) {
      expect(seconds.median).toBeGreaterThan(0);
      expect(share?.median).toBeGreaterThan(0);
      expect(ratio.rounds).toBe(3);
    }
    expect(harness.versions).toMatchObject({ 'fa-metal': expect.any(String), SGEMM: expect.any(String) });
  });

  it('have gradients where they have a backward pass', async () => {
    const { entries, omitted } = await harness.measure(trial(['fa-metal', 'ORT Attention'], 'forward+backward'));
    expect(entries.map(({ who }) => who)).toEqual(['fa-metal']);
    expect(omitted).toMatchObject([{ who: 'ORT Attention', kind: 'refused', reason: 'has no backward pass' }]);
  });

  it.skipIf(noTfjs)(`have gradients through tfjs${noTfjs ? ` (${noTfjs})` : ''}`, async () => {
    const { entries } = await harness.measure(trial(['fa-metal', 'fa-metal tfjs', 'tfjs-node'], 'forward+backward'));
    expect(entries.map(({ who }) => who)).toEqual(['fa-metal', 'fa-metal tfjs', 'tfjs-node']);
  });

  it('decode from a cache', async () => {
    const token = { ...problem, kvHeads: 1, queries: 1, keys: 48 };
    const { entries } = await harness.measure(
      trial(['fa-metal', 'ORT Attention', 'ORT GroupQueryAttention'], 'forward', token),
    );
    expect(entries.map(({ who }) => who)).toEqual(['fa-metal', 'ORT Attention', 'ORT GroupQueryAttention']);
    expect(entries[0]?.readShare?.median).toBeGreaterThan(0);
  });

  it('take options, parts and the backward pass alone', async () => {
    const packed = withOptions(problem, { lengths: [12, 20] });
    const parts = [12, 20].map((length) => ({ ...problem, queries: length, keys: length }));
    const entrants = [
      { who: 'fa-metal', problem: packed },
      { who: 'fa-metal', label: 'in parts', problem: packed, parts },
    ];
    const { entries, omitted } = await harness.measure({ ...trial([], 'backward'), entrants });
    expect(omitted).toEqual([]);
    expect(entries.map(({ name }) => name)).toEqual(['fa-metal', 'in parts']);
  });

  it('are absent, with the reason, where they are not installed', async () => {
    const without = new Harness({ threads: 1, pythons: {} }, { rounds: 3, seconds: 0 });
    const { entries, omitted } = await without.measure(trial(['fa-metal', 'PyTorch']));
    await without.close();
    expect(entries.map(({ who }) => who)).toEqual(['fa-metal']);
    expect(omitted).toMatchObject([{ kind: 'absent', reason: 'no Python with torch (see --python)' }]);
  });

  it('are not timed where the one that they are compared with did not run', async () => {
    const { entries, omitted } = await harness.measure(trial(['ORT Attention', 'fa-metal'], 'backward'));
    expect(entries).toEqual([]);
    expect(omitted.map(({ who, kind }) => [who, kind])).toEqual([
      ['ORT Attention', 'refused'],
      ['fa-metal', 'failed'],
    ]);
  });
});

describe('a contestant whose result is wrong', () => {
  it('is told of and never timed', async () => {
    const asked: string[] = [];
    const folder = mkdtempSync(path.join(os.tmpdir(), 'fa-metal-gate-'));
    const liar = {
      readsFiles: false,
      ask: async (request: { ask: string; folder?: string }) => {
        asked.push(request.ask);
        if (request.folder !== undefined)
          writeFileSync(path.join(request.folder, 'out'), new Float32Array(32 * 2 * 16));
        return { names: ['out'] };
      },
    };
    const processes = { get: async () => liar, absent: new Map() } as unknown as Processes;
    const { ready, omitted } = await new Entrants(processes, folder).prepare(trial(['PyTorch']));
    expect(ready).toEqual([]);
    expect(omitted).toMatchObject([{ kind: 'disagrees', reason: expect.stringMatching(/^out is off by/) }]);
    expect(asked).toEqual(['load', 'results', 'release']);
    rmSync(folder, { recursive: true });
  });
});

describe('a process that ends', () => {
  it('is told with its last words', async () => {
    const script =
      'require("fs").writeSync(3, "{}\\n"); process.stdin.once("data", () => { console.error("no more"); process.exit(7) })';
    const [peer] = await PeerProcess.start('the test', { program: process.execPath, args: ['-e', script] });
    await expect(peer.ask({ ask: 'release', id: '0' })).rejects.toThrow(
      'the process of the test ended with status 7: no more',
    );
    expect(peer.ended).toBe(true);
    await peer.close();
  });

  it('rejects where the program is not there', async () => {
    await expect(PeerProcess.start('x', { program: '/nowhere/at/all', args: [] })).rejects.toThrow(/ENOENT/);
  });
});

describe('findContestant', () => {
  it('knows ours held to an instruction set, and nobody else', () => {
    expect(findContestant('fa-metal avx2')).toMatchObject({ ours: true, limit: 'avx2' });
    expect(findContestant('fa-metal metal')).toMatchObject({ ours: true, limit: 'gpu' });
    expect(() => findContestant('Keras')).toThrow(/expected one of fa-metal, .*got Keras/);
  });
});

describe('a contestant that breaks down in the middle of a race', () => {
  it('is taken out, and the others are told', { timeout: 60_000 }, async () => {
    const harness = new Harness({ threads: 1, pythons }, { rounds: 3, seconds: 0.001 });
    const { entrants } = harness as unknown as { entrants: Entrants };
    const prepare = entrants.prepare.bind(entrants);
    entrants.prepare = async (wanted) => {
      const prepared = await prepare(wanted);
      const [first, second] = prepared.ready as [Ready, Ready];
      const breaking = { ...second, time: () => Promise.reject(new Error('out of order')) };
      return { ...prepared, ready: [first, breaking] };
    };
    const { entries, omitted } = await harness.measure(trial(['fa-metal', 'fa-metal scalar']));
    await harness.close();
    expect(entries.map(({ who }) => who)).toEqual(['fa-metal']);
    expect(omitted).toMatchObject([{ who: 'fa-metal scalar', kind: 'failed', reason: 'out of order' }]);
  });
});
