import { formatId } from './case-id.js';
import type { GoldVector } from './gold.js';
import type { CaseParameters, ParameterName, Parameters } from './parameters.js';

/** What a family tests, where it can go wrong, and the case that shows the test itself works. */
export interface Plan {
  what: string;
  boundaries: string;
  control: string;
}

/** One call, named by its id. */
export interface Case {
  readonly family: string;
  readonly id: string;
  readonly parameters: CaseParameters;
  /** Id of the parameters before `beginSubcases`; cases that share it are one group, of which a smoke run keeps one. */
  readonly group: string;
  /** The call and its results, where they do not follow from the parameters. */
  readonly gold?: GoldVector;
}

export interface Family {
  readonly name: string;
  readonly plan: Plan;
  readonly cases: readonly Case[];
  /** Its cases differ in kind, not in size, so a smoke run keeps them all. */
  readonly whole?: boolean;
}

type Combined<Done, Name extends ParameterName, Value> = Done & { [key in Name]: Value };
type Free<Done> = Exclude<ParameterName, keyof Done>;
interface Draft {
  parameters: CaseParameters;
  /** Parameters of the group; absent before `beginSubcases`. */
  group?: CaseParameters | undefined;
}

/** Builds the cases of a family by combining values; immutable, every step gives a new builder. */
export class CaseBuilder<Done extends CaseParameters = Record<never, never>> {
  constructor(
    readonly name: string,
    private readonly drafts: readonly Draft[] = [{ parameters: {} }],
  ) {}

  /** Crosses every case so far with every value. */
  combine<Name extends Free<Done>, const Value extends Parameters[Name]>(
    name: Name,
    values: readonly Value[],
  ): CaseBuilder<Combined<Done, Name, Value>> {
    return this.expand(name, () => values);
  }

  /** As `combine`, with values that depend on the case so far. */
  expand<Name extends Free<Done>, const Value extends Parameters[Name]>(
    name: Name,
    values: (parameters: Done) => readonly Value[],
  ): CaseBuilder<Combined<Done, Name, Value>> {
    return this.cross((parameters) => values(parameters).map((value) => ({ [name]: value }) as CaseParameters));
  }

  /** As `combine`, with several parameters that belong together, such as Lq and Lk. */
  combineFields<Name extends Free<Done>>(
    records: readonly { [key in Name]?: Parameters[key] }[],
  ): CaseBuilder<Done & { [key in Name]?: Parameters[key] }> {
    return this.cross(() => records as readonly CaseParameters[]);
  }

  filter(keep: (parameters: Done) => boolean): CaseBuilder<Done> {
    return new CaseBuilder<Done>(
      this.name,
      this.drafts.filter(({ parameters }) => keep(parameters as Done)),
    );
  }

  /** What is combined after this varies inside one group. */
  beginSubcases(): CaseBuilder<Done> {
    if (this.drafts.some(({ group }) => group !== undefined)) throw new Error(`${this.name}: beginSubcases twice`);
    return new CaseBuilder<Done>(
      this.name,
      this.drafts.map(({ parameters }) => ({ parameters, group: parameters })),
    );
  }

  build(): Case[] {
    return this.drafts.map(({ parameters, group = parameters }) => ({
      family: this.name,
      id: formatId(this.name, parameters),
      parameters,
      group: formatId(this.name, group),
    }));
  }

  private cross<Next extends CaseParameters>(more: (parameters: Done) => readonly CaseParameters[]): CaseBuilder<Next> {
    const drafts = this.drafts.flatMap(({ parameters, group }) =>
      more(parameters as Done).map((added) => {
        const repeated = Object.keys(added).find((key) => key in parameters);
        if (repeated !== undefined) throw new Error(`${this.name}: ${repeated} is combined twice`);
        return { parameters: { ...parameters, ...added }, group };
      }),
    );
    return new CaseBuilder<Next>(this.name, drafts);
  }
}

/** Starts a builder for cases of a family. */
export function cases(name: string): CaseBuilder {
  return new CaseBuilder(name);
}

/** @throws Error when two cases have one id */
export function family(name: string, plan: Plan, ...builders: { build(): Case[] }[]): Family {
  const built = builders.flatMap((builder) => builder.build());
  const seen = new Set<string>();
  for (const { id, family: owner } of built) {
    if (owner !== name) throw new Error(`${name}: a case of family ${owner}`);
    if (seen.has(id)) throw new Error(`${name}: case ${id} is listed twice`);
    seen.add(id);
  }
  return { name, plan, cases: built };
}
