import type { ResponseCompressionPlan } from "../../plan/steps.ts";
import { headerList } from "../header-list.ts";
import type { RunStep } from "../program.ts";
import { CompressedAnswer } from "../responses/compressed-answer.ts";
import { chooseCoding } from "../responses/content-coding.ts";

/** AWS: API Gateway Developer Guide, "Payload compression for REST APIs in API Gateway". */
export const linkResponseCompression =
  (plan: ResponseCompressionPlan): RunStep =>
  (exchange) => {
    const coding = chooseCoding(headerList(exchange.request, "accept-encoding"));
    if (coding !== undefined) {
      exchange.answer = new CompressedAnswer(exchange, { coding, bytesMin: plan.bytesMin });
    }
    return true;
  };
