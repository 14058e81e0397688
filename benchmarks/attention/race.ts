/** Something that can be timed in a turn. */
export interface Runner {
  /** Runs for about `seconds`, and returns the seconds of its fastest single run. */
  time(seconds: number): Promise<number>;
}

/** A contestant, and the yardsticks that are timed right before and after its turns. */
export interface Racer extends Runner {
  /** Gives it new memory: where tensors happen to lie can change a short call's time by several percent. */
  renew?(): Promise<void>;
  readonly yardsticks: readonly Runner[];
}

/** One turn: the contestant's fastest run, and each yardstick's fastest around it. */
export interface Turn {
  readonly seconds: number;
  readonly yardsticks: readonly number[];
}

export interface Pace {
  readonly rounds: number;
  /** How long a turn of a contestant is at least. */
  readonly seconds: number;
}

/** Who is this slow sits out the rounds after the third. */
const patience = 4;
const leastRounds = 3;

/** Seconds of a call beyond which where its tensors lie hardly matters, and making them anew takes long. */
const short = 0.2;

/** Twice, at the length of one run: enough for the fastest of them to be undisturbed as a rule. */
const yardstickSeconds = 0.05;

/**
 * Contestants take turns, round after round, with their yardsticks before and after each turn, so that a machine whose
 * speed drifts slows all of them alike. Returns the turns of each contestant, from the first round on.
 */
export async function race(racers: readonly Racer[], { rounds, seconds }: Pace): Promise<Turn[][]> {
  const turns: Turn[][] = racers.map(() => []);
  const spent = racers.map(() => 0);
  for (const racer of racers) await racer.time(0);
  for (let round = 0; round < rounds; round++) {
    let measured = new Map<Runner, number>();
    for (const [index, racer] of racers.entries()) {
      if (round >= leastRounds && (spent[index] as number) > patience) continue;
      if ((turns[index]?.at(-1)?.seconds ?? short) < short) await racer.renew?.();
      const before = await timeAll(racer.yardsticks, measured);
      const own = await racer.time(seconds);
      measured = await timeAll(racer.yardsticks, new Map());
      const around = racer.yardsticks.map((stick) => Math.min(timeOf(before, stick), timeOf(measured, stick)));
      turns[index]?.push({ seconds: own, yardsticks: around });
      spent[index] = (spent[index] as number) + own;
    }
  }
  return turns;
}

/** Times of the yardsticks, those taken from `known` that were measured just now. */
async function timeAll(sticks: readonly Runner[], known: ReadonlyMap<Runner, number>): Promise<Map<Runner, number>> {
  const times = new Map<Runner, number>();
  for (const stick of sticks) times.set(stick, known.get(stick) ?? (await stick.time(yardstickSeconds)));
  return times;
}

function timeOf(times: ReadonlyMap<Runner, number>, stick: Runner): number {
  return times.get(stick) ?? Number.POSITIVE_INFINITY;
}
