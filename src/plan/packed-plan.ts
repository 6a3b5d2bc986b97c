import type { Plan } from "./kinds.ts";

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
}

/** Packs the methods behind the first ones. */
export function packPlan(plan: Plan, unpackedMax: number): PackedPlan {
  const methods: readonly MethodPlan[] = plan.methods;
  return {
    plan: { ...plan, methods: plan.methods.slice(0, unpackedMax) } as Plan,
    more: methods.slice(unpackedMax).map(({ steps, ...method }) => ({ ...method, packedSteps: JSON.stringify(steps) })),
  };
}

/** Returns the plan, in which the steps of packed methods are read when they are first asked for. */
export const unpackPlan = ({ plan, more }: PackedPlan): Plan =>
  ({ ...plan, methods: [...plan.methods, ...more.map(unpackMethod)] }) as Plan;

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
