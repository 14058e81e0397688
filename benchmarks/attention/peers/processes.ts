import type { ProcessName } from './contestants.js';
import type { PeerProcess } from './process.js';
import { type Settings, startProcess, startYardstick } from './start.js';

/** The processes of one number of threads: each starts when it is first needed, and stays. */
export class Processes {
  /** By name: what runs in the processes. */
  readonly versions: Record<string, string> = {};
  /** By process: why it cannot run here. */
  readonly absent = new Map<string, string>();
  private readonly started = new Map<string, Promise<PeerProcess | undefined>>();

  constructor(private readonly settings: Settings) {}

  /** A process of contestants; undefined where it cannot run here, with the reason in `absent`. */
  get(name: ProcessName): Promise<PeerProcess | undefined> {
    return this.once(name, () => startProcess(name, this.settings));
  }

  /** The process of a limit's yardsticks; undefined as above. */
  yardstick(limit: string): Promise<PeerProcess | undefined> {
    return this.once(yardstickName(limit), async () => {
      const [peer, { versions }] = await startYardstick(limit, this.settings);
      const { product = 'unknown', ...others } = versions;
      return [peer, { versions: { ...others, [yardstickName(limit)]: product } }];
    });
  }

  /** If the process has ended, the next call starts another. */
  async forgetEnded(name: ProcessName): Promise<void> {
    if ((await this.started.get(name))?.ended) this.started.delete(name);
  }

  async close(): Promise<void> {
    const all = await Promise.all(this.started.values());
    await Promise.all(all.map((peer) => peer?.close()));
  }

  private once(name: string, start: () => ReturnType<typeof startProcess>): Promise<PeerProcess | undefined> {
    const known = this.started.get(name);
    if (known) return known;
    const starting = start().then(
      ([peer, { versions }]) => {
        Object.assign(this.versions, versions);
        return peer;
      },
      (error: Error) => {
        this.absent.set(name, error.message);
        return undefined;
      },
    );
    this.started.set(name, starting);
    return starting;
  }
}

/** Under which its product is among the versions. */
export function yardstickName(limit: string): string {
  return limit === 'cpu' ? 'SGEMM' : `SGEMM (${limit})`;
}
