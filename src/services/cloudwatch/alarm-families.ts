import type { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type { BeyondAws } from "../../definition/beyond-aws.ts";
import { makeFamilies } from "../../families/make-families.ts";
import { regionalScope } from "../../families/work.ts";
import { alarmPaging } from "../../protocol/paging.ts";
import type { AlarmDocument } from "./alarm-document.ts";

/** What the operations of alarms need besides the store. */
export interface AlarmService {
  /** What the server may do beyond AWS. */
  readonly beyondAws: readonly BeyondAws[];
  /** Runs the actions of an alarm's new state, without waiting for them. */
  readonly act: (change: AlarmChange) => void;
}

export interface AlarmChange {
  readonly account: string;
  readonly region: string;
  readonly before: AlarmDocument;
  readonly after: AlarmDocument;
}

/** What declares the operations of alarms. */
export const { operations, reading, spanning, writing } = makeFamilies<CloudWatch, AlarmService>({
  scopeOf: regionalScope,
  paging: alarmPaging,
});
