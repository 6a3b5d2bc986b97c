/** What a benchmark found, by name: ratios first; absolute numbers hold for that machine and that run only. */
export type Figures = Readonly<Record<string, number>>;

/** A benchmark: what a file `*.bench.ts` exports as `bench`. */
export interface Bench {
  readonly title: string;
  /** Programs that must be installed: `wrk`, `nginx`. */
  readonly needs: readonly string[];
  run(): Promise<Figures>;
}
