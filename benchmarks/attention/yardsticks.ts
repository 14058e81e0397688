import type { Limit } from '../report/schema.js';
import { spread } from './noise.js';
import { yardstickSizes } from './peers/messages.js';
import type { PeerProcess } from './peers/process.js';
import { type Processes, yardstickName } from './peers/processes.js';
import type { Runner } from './race.js';

/** What shares are shares of: a large matrix product first, then reading a large array. */
const yardsticks = [
  { id: 'product', work: 2 * yardstickSizes.size ** 3 },
  { id: 'reading', work: yardstickSizes.bytes },
] as const;

/** Operations of the product and bytes of the array. */
export const yardstickWork: readonly number[] = yardsticks.map(({ work }) => work);

/** The yardsticks of each limit, as things that can be timed. */
export class Yardsticks {
  /** The race knows by the object what it measured a moment ago. */
  private readonly runners = new Map<PeerProcess, Runner[]>();

  constructor(private readonly processes: Processes) {}

  /** The first `count` of a limit; none where they cannot be measured. */
  async of(limit: string, count: number): Promise<Runner[]> {
    const peer = await this.processes.yardstick(limit);
    if (!peer) return [];
    const runners = this.runners.get(peer) ?? yardsticks.map(({ id }) => runnerOf(peer, id));
    this.runners.set(peer, runners);
    return runners.slice(0, count);
  }

  /** Rates of the CPU's, over some rounds. @throws where not even tfjs-node has a product */
  async limit(threads: number, rounds: number): Promise<Limit> {
    const runners = await this.of('cpu', yardsticks.length);
    const { versions, absent } = this.processes;
    if (runners.length === 0) throw new Error(`no matrix product: ${absent.get(yardstickName('cpu'))}`);
    const rates: number[][] = yardsticks.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, runner] of runners.entries()) {
        rates[index]?.push((yardstickWork[index] as number) / (await runner.time(0.1)));
      }
    }
    return {
      threads,
      product: `${versions[yardstickName('cpu')]} ${yardstickSizes.size}`,
      productRate: spread(rates[0] ?? []),
      readRate: spread(rates[1] ?? []),
    };
  }
}

function runnerOf(peer: PeerProcess, id: string): Runner {
  return {
    time: async (seconds) => (await peer.ask({ ask: 'time', id, direction: 'forward', seconds })).seconds as number,
  };
}
