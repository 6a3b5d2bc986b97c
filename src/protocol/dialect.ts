import { lowerFirst } from "./constraints.ts";
import type { ModelMetadata, ModelName } from "./model.ts";

/** What services of the same protocol do differently and their models don't say. */
export interface Dialect {
  /** The error for input that breaks a constraint of the model. */
  readonly invalidInput: string;
  /** The error for input that can't be read (broken JSON, a member of a wrong type), and its text if it is fixed. */
  readonly unreadableInput: { readonly code: string; readonly message?: string };
  /** How a problem's path begins for members of the body: API Gateway says `createStageInput.stageName`. */
  readonly bodyPath: (operation: string) => string;
  /** JSON bodies end with a newline. */
  readonly endsWithNewline: boolean;
  /** Answers bear `x-amz-apigw-id`. */
  readonly hasApiGatewayId: boolean;
  /** Query parameters that are lists are split at commas (`embed=a,b`), besides being repeatable. */
  readonly splitsQueryLists: boolean;
  /** The type of a body that is a blob, where no header member gives it. */
  readonly blobContentType: string;
}

/** The type of a JSON body. Smithy: "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol", Protocol behaviors. */
export const jsonContentType = ({ protocol, jsonVersion }: ModelMetadata): string =>
  protocol === "json" ? `application/x-amz-json-${jsonVersion}` : "application/json";

const noPath = (): string => "";
const inputPath = (operation: string): string => `${lowerFirst(operation)}Input`;

const apiGateway: Dialect = {
  invalidInput: "BadRequestException",
  // AWS's text for a body member of a wrong JSON type; used for all that can't be read.
  unreadableInput: { code: "BadRequestException", message: "Invalid request input" },
  bodyPath: inputPath,
  endsWithNewline: true,
  hasApiGatewayId: true,
  splitsQueryLists: true,
  blobContentType: "application/octet-stream",
};

const query: Dialect = {
  invalidInput: "ValidationError",
  unreadableInput: { code: "MalformedInput" },
  bodyPath: noPath,
  endsWithNewline: true,
  hasApiGatewayId: false,
  splitsQueryLists: false,
  blobContentType: "text/xml",
};

export const dialects: Readonly<Record<ModelName, Dialect>> = {
  apigateway: apiGateway,
  apigatewayv2: apiGateway,
  apigatewaymanagementapi: {
    ...apiGateway,
    bodyPath: noPath,
    endsWithNewline: false,
  },
  lambda: {
    invalidInput: "ValidationException",
    unreadableInput: { code: "SerializationException" },
    bodyPath: noPath,
    endsWithNewline: false,
    hasApiGatewayId: false,
    splitsQueryLists: false,
    blobContentType: "application/json",
  },
  sts: query,
  iam: query,
  logs: {
    invalidInput: "InvalidParameterException",
    unreadableInput: { code: "SerializationException" },
    bodyPath: noPath,
    endsWithNewline: false,
    hasApiGatewayId: false,
    splitsQueryLists: false,
    blobContentType: "application/octet-stream",
  },
};
