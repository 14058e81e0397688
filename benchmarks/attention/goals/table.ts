import type { Direction } from '../../report/schema.js';
import type { Goal } from './goal.js';
import { faster, named, type Sized, shareOf } from './sized.js';

const both = 'forward+backward';

/**
 * The goals, written once. Where they come from: a prototype reached 0.87 to 0.94 of SGEMM dense and 0.78 to 0.91 causal
 * on two AVX-512 cores, in plain float32, 1.2 to 2.9 times as fast as PyTorch; the product, with every option compiled in,
 * is not to fall behind it. The others bound what an option, a host or a longer sequence may cost.
 */
export const goals: readonly Goal[] = [
  ...sharesOfProduct(),
  ...againstPeers(),
  ...costsOfOptions(),
  ...decoding(),
  ...heldToAvx2(),
  ...throughHosts(),
  { kind: 'growth', of: 'time', direction: 'forward', atMost: 2.05 },
  { kind: 'growth', of: 'time', direction: both, atMost: 2.05 },
  { kind: 'growth', of: 'memory', direction: both, atMost: 1.05 },
];

function sharesOfProduct(): Goal[] {
  const share = (problem: Sized, forward: number, training: number): Goal[] => [
    shareOf(problem, 'forward', forward),
    shareOf(problem, both, training),
  ];
  const causal = { causal: true };
  const wide = { headDim: 128 };
  const grouped = { kvHeads: 2 };
  return [
    ...share({ length: 512 }, 0.86, 0.86),
    ...share({ length: 512, ...causal }, 0.77, 0.77),
    ...share({ length: 1024 }, 0.9, 0.88),
    ...share({ length: 1024, ...causal }, 0.82, 0.82),
    ...share({ length: 2048 }, 0.9, 0.88),
    ...share({ length: 2048, ...causal }, 0.87, 0.88),
    ...share({ length: 1024, ...wide }, 0.9, 0.88),
    ...share({ length: 1024, ...wide, ...causal }, 0.82, 0.82),
    ...share({ length: 2048, ...wide }, 0.9, 0.88),
    ...share({ length: 2048, ...wide, ...causal }, 0.87, 0.88),
    ...share({ length: 1024, ...grouped }, 0.9, 0.88),
    ...share({ length: 1024, ...grouped, ...causal }, 0.82, 0.82),
    shareOf({ length: 1024, ...wide }, 'backward', 0.85),
    shareOf({ length: 1024, ...wide, ...causal }, 'backward', 0.85),
    { ...shareOf({ length: 2048, heads: 1 }, 'backward', 0.85), mostThreads: true },
  ];
}

function againstPeers(): Goal[] {
  const torch = (problem: Sized, times: number) =>
    (['forward', both] as const).map((direction) => faster(problem, direction, 'PyTorch', times));
  const causal = { length: 1024, causal: true };
  return [
    ...torch({ length: 1024 }, 1.4),
    ...torch(causal, 1.9),
    ...torch({ length: 2048, causal: true }, 1.7),
    ...torch({ length: 1024, headDim: 128 }, 1.15),
    ...torch({ ...causal, headDim: 128 }, 1.6),
    ...(['bfloat16', 'float16'] as const).flatMap((dtype) => [
      faster({ length: 1024, dtype }, both, 'PyTorch', 3),
      faster({ ...causal, dtype }, both, 'PyTorch', 3),
    ]),
    ...['ORT MultiHeadAttention', 'ORT Attention'].flatMap((peer) => [
      faster({ length: 1024 }, 'forward', peer, 1.25),
      faster(causal, 'forward', peer, 4),
    ]),
  ];
}

function costsOfOptions(): Goal[] {
  return (['forward', both] as const).flatMap((direction): Goal[] => {
    const ratio = { kind: 'trial', direction, figure: 'ratio' } as const;
    return [
      ...[false, true].flatMap((causal) => costsAlone(direction, named({ length: 1024, causal }))),
      {
        ...ratio,
        suite: 'window',
        trial: named({ length: 4096, causal: true }),
        entry: 'window 256',
        over: 'dense',
        atMost: 0.2,
      },
      { ...ratio, suite: 'varlen', trial: '4 equal lengths of 1024', entry: 'packed', over: 'a batch', atMost: 1.15 },
      {
        ...ratio,
        suite: 'varlen',
        trial: 'lengths drawn from 1 to 1024',
        entry: 'one call each',
        over: 'packed',
        atLeast: 1,
      },
      {
        ...ratio,
        suite: 'peaked',
        trial: named({ length: 1024 }),
        entry: 'logits x 20',
        over: 'ordinary',
        atMost: 1.2,
      },
    ];
  });
}

/** Time with each option alone over the plain call's. */
function costsAlone(direction: Direction, trial: string): Goal[] {
  const at = { kind: 'trial', suite: 'options', trial, direction, figure: 'ratio', over: 'plain' } as const;
  const cheap = ['window (all visible)', 'bool mask', 'bias', 'ALiBi', 'sinks', 'RoPE'];
  const dear = ['softcap', 'dropout', ...(direction === both ? ['bias, its gradient'] : [])];
  return [
    ...cheap.map((entry) => ({ ...at, entry, atMost: 1.15 })),
    ...dear.map((entry) => ({ ...at, entry, atMost: 1.4 })),
  ];
}

function decoding(): Goal[] {
  const trial = 'B1 H32:8 L1x4096 D128';
  const at = { kind: 'trial', suite: 'decode', direction: 'forward' } as const;
  return [
    { ...at, trial, entry: 'fa-metal', figure: 'readShare', atLeast: 0.8 },
    { ...at, trial, entry: 'PyTorch', figure: 'ratio', atLeast: 3 },
    { ...at, trial: `${trial}, kinds of caches`, entry: 'int8', figure: 'ratio', over: 'float32', atMost: 1 },
  ];
}

function heldToAvx2(): Goal[] {
  const at = { kind: 'trial', suite: 'avx2', entry: 'fa-metal avx2', figure: 'share', atLeast: 0.8 } as const;
  return [64, 128].flatMap((headDim) =>
    (['forward', 'backward'] as const).map(
      (direction): Goal => ({ ...at, trial: named({ length: 1024, headDim }), direction }),
    ),
  );
}

function throughHosts(): Goal[] {
  const at = { kind: 'trial', suite: 'overhead', figure: 'ratio' } as const;
  const masked = (length: number) => [false, true].map((causal) => named({ length, causal }));
  return [
    ...masked(512).flatMap((trial): Goal[] => [
      { ...at, trial, direction: 'forward', entry: 'fa-metal tfjs', atMost: 1.05 },
      { ...at, trial, direction: both, entry: 'fa-metal tfjs', atMost: 1.05 },
      { ...at, trial, direction: 'forward', entry: 'fa-metal onnxruntime', atMost: 1.05 },
    ]),
    ...masked(1024).map(
      (trial): Goal => ({ ...at, trial, direction: both, entry: 'tfjs-node', over: 'ours there', atLeast: 4 }),
    ),
    ...masked(4096).map(
      (trial): Goal => ({ ...at, trial, direction: both, entry: 'tfjs-node', over: 'ours there', atLeast: 5 }),
    ),
    { kind: 'memory', of: 'fa-metal tfjs', over: 'tfjs-node', length: 4096, direction: both, atMost: 0.1 },
  ];
}
