import type { IAM } from "@aws-sdk/client-iam";
import type { InputOf, OperationName } from "../../families/input.ts";
import { makeFamilies } from "../../families/make-families.ts";
import { iamPaging } from "../../protocol/paging.ts";
import { iamScope } from "./documents.ts";

/** What declares IAM's families and operations: they need nothing but the store. */
export const { defineResource, operations, reading, viewing, changing, documents } = makeFamilies<IAM, object>({
  scopeOf: ({ account }) => iamScope(account),
  paging: iamPaging,
});

/** The input of one of IAM's operations. */
export type IamInput<Name extends OperationName<IAM>> = InputOf<IAM, Name>;
