/** One head of float32 attention, row-major: q [rows, width], k and v [keys, width]; key j <= i + keys - rows is visible. */
export interface PlainProblem {
  rows: number;
  keys: number;
  width: number;
  q: ArrayLike<number>;
  k: ArrayLike<number>;
  v: ArrayLike<number>;
  dOut: ArrayLike<number>;
}

export interface PlainResult {
  out: number[];
  lse: number[];
  dq: number[];
  dk: number[];
  dv: number[];
}

/** Attention and its gradients as the textbook writes them, for the self-check. */
export function plainAttention(problem: PlainProblem): PlainResult {
  const { rows, keys, width } = problem;
  const list = (length: number): number[] => new Array<number>(length).fill(0);
  const result = {
    out: list(rows * width),
    lse: list(rows),
    dq: list(rows * width),
    dk: list(keys * width),
    dv: list(keys * width),
  };
  for (let i = 0; i < rows; i++) {
    const visible = Math.max(0, Math.min(keys, i + keys - rows + 1));
    addRow(problem, i, visible, result);
  }
  return result;
}

function addRow({ width, q, k, v, dOut }: PlainProblem, i: number, visible: number, result: PlainResult): void {
  const scale = 1 / Math.sqrt(width);
  const dot = (a: ArrayLike<number>, rowA: number, b: ArrayLike<number>, rowB: number): number => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += at(a, rowA * width + d) * at(b, rowB * width + d);
    return sum;
  };
  const addScaled = (
    target: number[],
    row: number,
    factor: number,
    source: ArrayLike<number>,
    sourceRow: number,
  ): void => {
    for (let d = 0; d < width; d++)
      target[row * width + d] = at(target, row * width + d) + factor * at(source, sourceRow * width + d);
  };
  const scores = Array.from({ length: visible }, (_, j) => scale * dot(q, i, k, j));
  const lse = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  result.lse[i] = lse;
  scores.forEach((score, j) => addScaled(result.out, i, Math.exp(score - lse), v, j));
  const delta = dot(dOut, i, result.out, i);
  scores.forEach((score, j) => {
    const probability = Math.exp(score - lse);
    const dScore = probability * (dot(dOut, i, v, j) - delta) * scale;
    addScaled(result.dq, i, dScore, k, j);
    addScaled(result.dk, j, dScore, q, i);
    addScaled(result.dv, j, probability, dOut, i);
  });
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
