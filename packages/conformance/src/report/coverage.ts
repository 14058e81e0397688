import { type PairOption, pairOptionsOf } from '../families/pairs.js';

type Direction = 'forward' | 'backward';

/** What a device says to a call that it does not take. */
export interface DeviceRefusal {
  code: string;
  argument: string;
  /** What it expected and what came. */
  message: string;
}

/** What became of the cases of one pair of options, on one backend in one direction. */
export interface PairOutcome {
  backend: string;
  direction: Direction;
  first: PairOption;
  second: PairOption;
  passed: number;
  refusals: readonly DeviceRefusal[];
}

/** Cells that hold neither a case that passed nor a refusal, as `backend direction first second`. */
export function emptyCells(backends: readonly string[], outcomes: readonly PairOutcome[]): string[] {
  const filled = new Set(
    outcomes.filter(({ passed, refusals }) => passed > 0 || refusals.length > 0).map((outcome) => keyOf(outcome)),
  );
  return backends
    .flatMap((backend) => (['forward', 'backward'] as const).flatMap((direction) => cellsOf(backend, direction)))
    .filter((cell) => !filled.has(cell));
}

function cellsOf(backend: string, direction: Direction): string[] {
  const names = pairOptionsOf(direction);
  return names.flatMap((first, row) => names.slice(row).map((second) => keyOf({ backend, direction, first, second })));
}

const keyOf = ({ backend, direction, first, second }: Omit<PairOutcome, 'passed' | 'refusals'>) =>
  `${backend} ${direction} ${first} ${second}`;

/** The outcomes as Markdown: one table for each backend and direction, then the refusals by number. */
export function coverageTable(outcomes: readonly PairOutcome[]): string {
  const numbers = new Map<string, number>();
  const numberOf = ({ code, argument, message }: DeviceRefusal): number => {
    const text = `\`${code}\` of \`${argument}\`: ${message}`;
    if (!numbers.has(text)) numbers.set(text, numbers.size + 1);
    return numbers.get(text)!;
  };
  const groups = new Map<string, PairOutcome[]>();
  for (const outcome of outcomes) {
    const title = `${outcome.backend}, ${outcome.direction}`;
    groups.set(title, [...(groups.get(title) ?? []), outcome]);
  }
  const tables = [...groups].map(([title, group]) => `## ${title}\n\n${matrix(group, numberOf)}`);
  const legend = [...numbers].map(([text, number]) => `${number}. ${text}`);
  return [...tables, ...(legend.length > 0 ? [`## Refusals\n\n${legend.join('\n')}`] : [])].join('\n\n');
}

function matrix(group: readonly PairOutcome[], numberOf: (refusal: DeviceRefusal) => number): string {
  const names = pairOptionsOf(group[0]!.direction);
  const rows = names.map((first, row) => {
    const cells = names.map((second, column) => {
      if (column < row) return '';
      const outcome = group.find((one) => one.first === first && one.second === second);
      return outcome === undefined ? '?' : cell(outcome, numberOf);
    });
    return [`**${first}**`, ...cells];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(['', ...names]), line(['---', ...names.map(() => '---')]), ...rows.map(line)].join('\n');
}

function cell({ passed, refusals }: PairOutcome, numberOf: (refusal: DeviceRefusal) => number): string {
  const refused = [...new Set(refusals.map(numberOf))].map((number) => `R${number}`);
  return [...(passed > 0 ? [String(passed)] : []), ...refused].join(' ') || '?';
}
