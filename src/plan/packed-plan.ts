import type { Plan } from "./kinds.ts";
import type { RestPlan } from "./rest-plan.ts";

type MethodPlan = Plan["methods"][number];
type PackedMethod = Omit<MethodPlan, "steps"> & { readonly packedSteps: string };

/**
 * A large plan on its way to another thread: the steps of most methods are text, because copying a hundred thousand
 * small objects holds both threads up (2,000 methods with 22 responses each: 0.3 s).
 */
export interface PackedPlan {
  readonly plan: Plan;
  /** The methods behind those of the plan. */
  readonly more: readonly PackedMethod[];
  /** The plan of the stage's canary. */
  readonly canary?: PackedPlan & { readonly percentTraffic: number };
}

/** Packs the methods behind the first ones. */
export function packPlan(plan: Plan, unpackedMax: number): PackedPlan {
  const { canary, ...side } = plan as RestPlan;
  const methods: readonly MethodPlan[] = plan.methods;
  return {
    plan: { ...side, methods: plan.methods.slice(0, unpackedMax) } as Plan,
    ...(canary && { canary: { ...packPlan(canary.plan, unpackedMax), percentTraffic: canary.percentTraffic } }),
    more: methods.slice(unpackedMax).map(({ steps, ...method }) => ({ ...method, packedSteps: JSON.stringify(steps) })),
  };
}

/** Returns the plan, in which the steps of packed methods are read when they are first asked for. */
export const unpackPlan = ({ plan, more, canary }: PackedPlan): Plan =>
  ({
    ...plan,
    methods: [...plan.methods, ...more.map(unpackMethod)],
    ...(canary && { canary: { percentTraffic: canary.percentTraffic, plan: unpackPlan(canary) } }),
  }) as Plan;

/** Returns how many methods a plan has, with those of its canary. */
export const methodCount = (plan: Plan): number =>
  plan.methods.length + ("canary" in plan ? (plan.canary?.plan.methods.length ?? 0) : 0);

function unpackMethod({ packedSteps, ...method }: PackedMethod): MethodPlan {
  let steps: MethodPlan["steps"] | undefined;
  return {
    ...method,
    get steps() {
      steps ??= JSON.parse(packedSteps) as MethodPlan["steps"];
      return steps;
    },
  } as MethodPlan;
}
