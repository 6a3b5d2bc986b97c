import type { Figures } from "../bench.ts";
import { load, loadCost } from "../measure.ts";
import type { GatewayProcess } from "./start-gateway-process.ts";

const seconds = 2;

/**
 * Loads gateways on one core in turn, and compares them with the first: on one core, as many requests as fit in the time that
 * they take there. The time of every thread counts, that of the garbage collector and of whoever takes what is recorded, too.
 * Rounds alternate, and the best of each counts, since other work on the machine only ever slows one down.
 */
export async function compareGateways(
  starts: Readonly<Record<string, () => Promise<GatewayProcess>>>,
  path: string,
): Promise<Figures> {
  await using scope = new AsyncDisposableStack();
  const runs: { readonly name: string; readonly gateway: GatewayProcess; rate: number; cpuUs: number }[] = [];
  for (const [name, start] of Object.entries(starts))
    runs.push({ name, gateway: scope.use(await start()), rate: 0, cpuUs: Number.POSITIVE_INFINITY });
  for (const { gateway } of runs) await load(`${gateway.url}${path}`, { seconds });
  for (let round = 0; round < 7; round++) {
    for (const run of runs) {
      const cost = await loadCost(`${run.gateway.url}${path}`, run.gateway.cpuUs, { seconds });
      run.rate = Math.max(run.rate, cost.rate);
      run.cpuUs = Math.min(run.cpuUs, cost.cpuUs);
    }
  }
  const [plain] = runs;
  return Object.fromEntries(
    runs.flatMap(({ name, rate, cpuUs }) => [
      [`${name}, requests/s`, rate],
      [`${name}, µs of CPU a request`, cpuUs],
      [`${name}, of the requests of "${plain!.name}"`, plain!.cpuUs / cpuUs],
    ]),
  );
}
