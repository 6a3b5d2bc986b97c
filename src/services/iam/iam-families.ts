import type { IAM } from "@aws-sdk/client-iam";
import type { InputOf, OperationName } from "../../families/input.ts";
import { makeFamilies } from "../../families/make-families.ts";
import { iamPaging } from "../../protocol/paging.ts";
import type { AccessKeyUses } from "./access-key-uses.ts";
import { iamScope } from "./documents.ts";

/** What IAM's operations need besides the store. */
export interface IamService {
  readonly accessKeyUses: AccessKeyUses;
  /** `relaxed` allows what AWS would refuse. By default, nothing. */
  readonly profile?: "aws" | "relaxed";
}

/** What declares IAM's families and operations. */
export const { defineResource, operations, reading, writing, viewing, changing, documents } = makeFamilies<
  IAM,
  IamService
>({
  scopeOf: ({ account }) => iamScope(account),
  paging: iamPaging,
});

/** The input of one of IAM's operations. */
export type IamInput<Name extends OperationName<IAM>> = InputOf<IAM, Name>;
