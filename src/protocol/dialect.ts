import { lowerFirst } from "./constraints.ts";
import { inHashOrder } from "./enum-order.ts";
import type { ModelMetadata, ModelName } from "./model.ts";
import { javaClassWords, tokenWords, type WrongTypeWords } from "./wrong-type.ts";

/** The differences between services of one protocol that their models don't have. */
export interface Dialect {
  /** The error for input that breaks a constraint of the model. */
  readonly invalidInput: string;
  /** The error for unreadable input (broken JSON, a member of a wrong type), with its text if that is fixed. */
  readonly unreadableInput: { readonly code: string; readonly message?: string };
  /** Writes the message for a member of a wrong type. */
  readonly wrongType: WrongTypeWords;
  /** The order in which messages list the values of an enumeration; by default as declared. */
  readonly enumOrder?: (declared: readonly string[]) => readonly string[];
  /** The maps, by their problems' paths, whose entries may be null: the operation says what that means. */
  readonly nullableMaps?: readonly string[];
  /**
   * Returns the beginning of a problem's path for members of the body: API Gateway writes `createStageInput.stageName`.
   */
  readonly bodyPath: (operation: string) => string;
  /** Whether JSON bodies end with a newline. */
  readonly endsWithNewline: boolean;
  /** Whether answers have `x-amz-apigw-id`. */
  readonly hasApiGatewayId: boolean;
  /** Whether query parameters that are lists are also split at commas (`embed=a,b`). */
  readonly splitsQueryLists: boolean;
  /** The content type of a body that is a blob, if no header member gives it. */
  readonly blobContentType: string;
  /** Whether bodies may come compressed. */
  readonly takesGzip?: boolean;
}

/** Returns whether a service speaks AWS JSON 1.0 or 1.1, alone or besides other protocols. */
export const speaksAwsJson = ({ protocol, protocols }: ModelMetadata): boolean =>
  protocol === "json" || protocols?.includes("json") === true;

/**
 * Returns the content type of a JSON body. Smithy: "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol", Protocol
 * behaviors.
 */
export const jsonContentType = (metadata: ModelMetadata): string =>
  speaksAwsJson(metadata) ? `application/x-amz-json-${metadata.jsonVersion}` : "application/json";

const noPath = (): string => "";
const inputPath = (operation: string): string => `${lowerFirst(operation)}Input`;

/** Recorded: API Gateway's first version. */
const apiGateway: Dialect = {
  invalidInput: "ValidationException",
  unreadableInput: { code: "SerializationException" },
  wrongType: javaClassWords,
  enumOrder: inHashOrder,
  nullableMaps: [
    "putGatewayResponseInput.responseParameters",
    "putGatewayResponseInput.responseTemplates",
    "putIntegrationInput.requestTemplates",
    "putIntegrationResponseInput.responseTemplates",
  ],
  bodyPath: inputPath,
  endsWithNewline: true,
  hasApiGatewayId: true,
  splitsQueryLists: true,
  blobContentType: "application/octet-stream",
};

/** The later APIs of the service. Unconfirmed: its words; see docs/compatibility.md, "management, wrong types". */
const apiGatewayV2: Dialect = {
  ...apiGateway,
  invalidInput: "BadRequestException",
  unreadableInput: { code: "BadRequestException", message: "Invalid request input" },
};

const query: Dialect = {
  invalidInput: "ValidationError",
  unreadableInput: { code: "MalformedInput" },
  wrongType: tokenWords,
  bodyPath: noPath,
  endsWithNewline: true,
  hasApiGatewayId: false,
  splitsQueryLists: false,
  blobContentType: "text/xml",
};

export const dialects: Readonly<Record<ModelName, Dialect>> = {
  apigateway: apiGateway,
  apigatewayv2: apiGatewayV2,
  apigatewaymanagementapi: {
    ...apiGatewayV2,
    bodyPath: noPath,
    endsWithNewline: false,
  },
  lambda: {
    invalidInput: "ValidationException",
    unreadableInput: { code: "SerializationException" },
    wrongType: tokenWords,
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
    wrongType: tokenWords,
    bodyPath: noPath,
    endsWithNewline: false,
    hasApiGatewayId: false,
    splitsQueryLists: false,
    blobContentType: "application/octet-stream",
  },
  xray: {
    invalidInput: "InvalidRequestException",
    unreadableInput: { code: "SerializationException" },
    wrongType: tokenWords,
    bodyPath: noPath,
    endsWithNewline: false,
    hasApiGatewayId: false,
    splitsQueryLists: false,
    blobContentType: "application/octet-stream",
  },
  // Three protocols: Smithy RPC v2 CBOR, AWS JSON 1.0 and query.
  cloudwatch: { ...query, invalidInput: "ValidationException", endsWithNewline: false, takesGzip: true },
  wafv2: {
    invalidInput: "ValidationException",
    unreadableInput: { code: "SerializationException" },
    wrongType: tokenWords,
    bodyPath: noPath,
    endsWithNewline: false,
    hasApiGatewayId: false,
    splitsQueryLists: false,
    blobContentType: "application/octet-stream",
  },
};
