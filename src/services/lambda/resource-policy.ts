import { bounds } from "../../base/bounds.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { LambdaInput } from "./lambda-families.ts";

const policyBytesMax = bounds.functionPolicyBytesMax.value;

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: string | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A permission as a policy statement. AWS: Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda". */
export function toStatement(input: LambdaInput<"AddPermission">, resource: string): Statement {
  const condition: Record<string, Record<string, string>> = {};
  const require = (operator: string, key: string, value: string | undefined): void => {
    if (value === undefined) return;
    condition[operator] = { ...condition[operator], [key]: value };
  };
  require("StringEquals", "lambda:EventSourceToken", input.EventSourceToken);
  require("StringEquals", "AWS:SourceAccount", input.SourceAccount);
  require("StringEquals", "aws:PrincipalOrgID", input.PrincipalOrgID);
  require("StringEquals", "lambda:FunctionUrlAuthType", input.FunctionUrlAuthType);
  require("Bool", "lambda:InvokedViaFunctionUrl", input.InvokedViaFunctionUrl?.toString());
  require("ArnLike", "AWS:SourceArn", input.SourceArn);
  return {
    Sid: input.StatementId,
    Effect: "Allow",
    Principal: toPrincipal(input.Principal),
    Action: input.Action,
    Resource: resource,
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
}

function toPrincipal(principal: string): Statement["Principal"] {
  if (principal === "*") return "*";
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (/^arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:.+$/.test(principal)) return { AWS: principal };
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$|^[a-z0-9-]+\.alexa\.com$/i.test(principal)) {
    return { Service: principal };
  }
  throw new ApiError(
    "InvalidParameterValueException",
    "The provided principal was invalid. Please check the principal and try again.",
  );
}

export function withStatement(statements: readonly Statement[], added: Statement): readonly Statement[] {
  if (statements.some(({ Sid }) => Sid === added.Sid)) {
    throw new ApiError(
      "ResourceConflictException",
      `The statement id (${added.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  const all = [...statements, added];
  const bytes = Buffer.byteLength(JSON.stringify(all));
  if (bytes > policyBytesMax) {
    throw new ApiError(
      "PolicyLengthExceededException",
      `The final policy size (${bytes}) is bigger than the limit (${policyBytesMax}).`,
    );
  }
  return all;
}
