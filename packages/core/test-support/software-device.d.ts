export type Profile = 'apple7' | 'apple9';
export type Fault = 'compile' | 'pipeline' | 'allocate' | 'commit-lost' | 'commit-timeout' | 'commit-memory' | 'delay';
/** softmetal.h's controls of the software device that this process has loaded. */
export interface SoftwareDevice {
  /** 0 when the setting is known and takes the value. */
  set(name: string, value: string): number;
  /** At the n-th event from now, from 1; `times` of them in a row, 0 = all from then on. */
  inject(fault: Fault, n: number, times: number): number;
  clearFaults(): void;
  /** Objects alive of one class, or with '' of all. */
  liveObjects(className: string): number;
  /** Everything found, as JSON. */
  reports(): string;
}
/** Why there is no software device here; empty when there is one. */
export declare function whyNoSoftwareDevice(): Promise<string>;
/** Settings for devices that this process opens from now on: every access checked, in the order that `seed` draws. */
export declare function chooseSoftwareDevice({
  profile,
  validate,
}?: {
  profile?: Profile | undefined;
  validate?: boolean | undefined;
}): void;
/** Compiles and loads the controls; the process must have opened the device before it uses them. */
export declare function controlSoftwareDevice(): SoftwareDevice;
//# sourceMappingURL=software-device.d.ts.map
