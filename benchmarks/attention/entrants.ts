import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Direction, Entrant, Omitted, Problem, Trial } from '../report/schema.js';
import { checkedProblem, complaintAbout } from './gate/check.js';
import { type Contestant, findContestant, peers } from './peers/contestants.js';
import { type Load, loadProblem } from './peers/load.js';
import type { PeerProcess } from './peers/process.js';
import type { Processes } from './peers/processes.js';

/** An entrant that is loaded and whose result was right. */
export interface Ready {
  readonly name: string;
  readonly contestant: Contestant;
  readonly problem: Problem;
  readonly time: (seconds: number) => Promise<number>;
  /** Loads it once more, elsewhere in memory, where that does not take long. */
  readonly renew: () => Promise<void>;
  readonly release: () => Promise<unknown>;
}

/** Milliseconds that making tensors anew for a round may take. */
const patience = 200;

/** One contestant's part in a trial. */
interface Part {
  readonly contestant: Contestant;
  readonly entrant: Entrant;
  readonly direction: Direction;
}

/** Makes entrants ready: starts their processes, loads their problems, and lets nobody pass whose result is wrong. */
export class Entrants {
  private readonly passed = new Map<string, string | undefined>();
  private count = 0;

  constructor(
    private readonly processes: Processes,
    /** For results. */
    private readonly folder: string,
    /** Peers that take part where a trial says `peers`. */
    private readonly rivals: readonly Contestant[] = peers,
  ) {}

  async prepare({ direction, entrants }: Trial): Promise<{ ready: Ready[]; omitted: Omitted[] }> {
    const [ready, omitted]: [Ready[], Omitted[]] = [[], []];
    for (const entrant of entrants) {
      const contestants = entrant.who === 'peers' ? this.rivals : [findContestant(entrant.who)];
      for (const contestant of contestants) {
        const outcome = await this.prepareOne({ contestant, entrant, direction });
        if ('kind' in outcome) omitted.push(outcome);
        else ready.push(outcome);
      }
    }
    return { ready, omitted };
  }

  private async prepareOne(part: Part): Promise<Ready | Omitted> {
    const { contestant, entrant, direction } = part;
    const { problem, parts = [problem] } = entrant;
    const refusal = parts.map((each) => contestant.refuses(each, direction)).find((reason) => reason !== undefined);
    if (refusal !== undefined) return omit(part, 'refused', refusal);
    const peer = await this.processes.get(contestant.process);
    if (!peer) return omit(part, 'absent', this.processes.absent.get(contestant.process) ?? 'it did not start');
    try {
      const complaint = await this.check(part, peer, parts.at(-1) ?? problem);
      if (complaint !== undefined) return omit(part, 'disagrees', complaint);
      const load = () => this.load(peer, { contestant: contestant.name, problem, parts: entrant.parts });
      const begin = performance.now();
      let id = await load();
      const isSlowToLoad = performance.now() - begin > patience;
      return {
        name: nameOf(part),
        contestant,
        problem,
        time: async (seconds) => (await peer.ask({ ask: 'time', id, direction, seconds })).seconds as number,
        renew: async () => {
          if (isSlowToLoad) return;
          const old = id;
          id = await load();
          await peer.ask({ ask: 'release', id: old });
        },
        release: () => peer.ask({ ask: 'release', id }),
      };
    } catch (error) {
      await this.processes.forgetEnded(contestant.process);
      // A variant of ours that this machine cannot open is not there; whoever else throws is broken.
      return omit(part, contestant.limit === 'cpu' ? 'failed' : 'absent', (error as Error).message);
    }
  }

  /** What is wrong with the contestant's result on this problem, or its twin; asked once. */
  private async check(
    { contestant, direction }: Part,
    peer: PeerProcess,
    problem: Problem,
  ): Promise<string | undefined> {
    const key = JSON.stringify([contestant.name, problem, direction]);
    if (!this.passed.has(key)) {
      const folder = mkdtempSync(path.join(this.folder, 'results-'));
      const checked = checkedProblem(problem);
      const id = await this.load(peer, { contestant: contestant.name, problem: checked });
      const { names = [] } = await peer.ask({ ask: 'results', id, direction, folder });
      await peer.ask({ ask: 'release', id });
      this.passed.set(key, complaintAbout(checked, direction, { folder, names }));
      rmSync(folder, { recursive: true });
    }
    return this.passed.get(key);
  }

  private async load(peer: PeerProcess, load: Omit<Load, 'id'>): Promise<string> {
    const id = String(this.count++);
    await loadProblem(peer, { id, ...load });
    return id;
  }
}

function nameOf({ entrant, contestant }: Part): string {
  return entrant.label ?? contestant.name;
}

function omit(part: Part, kind: Omitted['kind'], reason: string): Omitted {
  const { contestant, entrant } = part;
  return { who: contestant.name, name: nameOf(part), problem: entrant.problem, kind, reason };
}
