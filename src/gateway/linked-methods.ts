import { assert } from "../base/assert.ts";
import { bounds } from "../base/bounds.ts";
import type { LinkContext } from "./link-context.ts";
import type { MethodProgram } from "./program.ts";
import { linkStep } from "./steps/link-step.ts";

const linkedAtOnceMax = bounds.methodsLinkedAtOnceMax.value;

/**
 * The methods of a stage after linking. Those of an ordinary API are linked when its plan comes, and requests find
 * everything prepared. Of a large one, only the first methods are; each of the others is linked by its first request,
 * because linking thousands at once held all requests of the thread up (2,000 methods with 22 responses each: 0.7 s).
 */
export class LinkedMethods {
  readonly #plans: readonly MethodProgram["plan"][];
  readonly #context: Omit<LinkContext, "method">;
  readonly #linked: (MethodProgram | undefined)[];

  constructor(plans: readonly MethodProgram["plan"][], context: Omit<LinkContext, "method">) {
    this.#plans = plans;
    this.#context = context;
    this.#linked = new Array(plans.length).fill(undefined);
    for (let index = 0; index < Math.min(plans.length, linkedAtOnceMax); index++) this.at(index);
  }

  at(index: number): MethodProgram {
    return this.#linked[index] ?? this.#link(index);
  }

  #link(index: number): MethodProgram {
    const plan = this.#plans[index]!;
    const steps = plan.steps.map((step) => linkStep(step, { ...this.#context, method: plan }));
    assert(steps.length > 0, "a method has a step that answers");
    const linked = { plan, steps };
    this.#linked[index] = linked;
    return linked;
  }
}
