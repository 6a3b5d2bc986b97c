import type { SdkFiles } from "./generate-sdk.ts";
import { camelCase, Names } from "./identifiers.ts";
import {
  clientMembers,
  type IosNames,
  iosNames,
  iosOperations,
  keyOf,
  methodVariables,
  objectMembers,
  unowned,
} from "./ios-sdk.ts";
import { methodTable, type SdkApi, type SdkOperation, type SdkParameter } from "./sdk-api.ts";
import type { SdkParameters } from "./sdk-types.ts";
import type { Shape, Structure } from "./shapes.ts";
import { objectiveCComment, objectiveCKeywords, objectiveCString } from "./source-text.ts";

type NamedOperations = readonly (readonly [string, SdkOperation])[];

/**
 * Writes a subclass of the `AWSAPIGatewayClient` of AWS's Mobile SDK for iOS, and a class for each model.
 * AWS: API Gateway developer guide, "Use generated iOS SDK (Objective-C) to call API".
 */
export function writeObjectiveC(api: SdkApi, parameters: SdkParameters): SdkFiles {
  const naming = iosNames(api, parameters);
  const operations = iosOperations(api, [...objectiveCKeywords, ...clientMembers, ...objectMembers]);
  const classes = api.structures.map((one) => [naming.structures.get(one.name)!, one] as const);
  return {
    // Unconfirmed: the folder's name; see docs/compatibility.md, "SDKs, Swift and Objective-C".
    folder: "aws-apigateway-ios-objc",
    hasRuntime: false,
    files: {
      [`generated-src/${naming.client}.h`]: clientHeader(api, operations, naming),
      [`generated-src/${naming.client}.m`]: clientCode(api, operations, naming),
      [`generated-src/${naming.header}.h`]: `#import "${naming.client}.h"\n`,
      ...Object.fromEntries(classes.map(([name, one]) => [`generated-src/${name}.h`, modelHeader(one, naming)])),
      ...Object.fromEntries(classes.map(([name, one]) => [`generated-src/${name}.m`, modelCode(one, naming)])),
      Podfile: podfile,
      "README.md": readme(naming, operations),
    },
  };
}

const podfile = `target '<YourXcodeTarget>' do
    pod 'AWSAPIGateway', '~> 2.4'
end
`;

/** The class that the library makes of a value; what it makes no class of stays a dictionary, an array or a number. */
function typeOf(shape: Shape, { structures }: IosNames): string {
  switch (shape.kind) {
    case "string":
      return "NSString *";
    case "number":
    case "integer":
    case "boolean":
      return "NSNumber *";
    case "structure":
      return `${structures.get(shape.name)} *`;
    case "list":
      return "NSArray *";
    case "map":
      return "NSDictionary *";
    case "any":
      return "id";
  }
}

interface MethodParts {
  /** `- (AWSTask *)rootGet:(nullable NSString *)a b:(nullable NSString *)b` */
  readonly signature: string;
  readonly taken: readonly { readonly parameter: SdkParameter; readonly local: string }[];
  readonly body: string | undefined;
}

function partsOf(name: string, { parameters, body }: SdkOperation, naming: IosNames): MethodParts {
  const names = new Names([...objectiveCKeywords, ...methodVariables]);
  const taken = parameters.map((parameter) => ({ parameter, local: names.take(camelCase(parameter.name)) }));
  const list = taken.map(({ parameter, local }) => ({
    local,
    type: parameter.isRequired ? "NSString *" : "nullable NSString *",
  }));
  // The library writes bodies as JSON; another one is a request for `invoke`.
  const bodyName = body?.shape === undefined ? undefined : names.take("body");
  if (body?.shape !== undefined) list.push({ local: bodyName!, type: typeOf(body.shape, naming) });
  const [first, ...others] = list;
  const more = others.map(({ local, type }) => ` ${local}:(${type})${local}`).join("");
  const signature = `- (AWSTask *)${name}${first === undefined ? "" : `:(${first.type})${first.local}${more}`}`;
  return { signature, taken, body: bodyName };
}

function clientHeader(api: SdkApi, operations: NamedOperations, naming: IosNames): string {
  const imports = Array.from(naming.structures.values(), (name) => `#import "${name}.h"\n`).join("");
  const methods = operations.map(
    ([name, operation]) =>
      `${objectiveCComment(`${operation.httpMethod} ${operation.path}`)}${partsOf(name, operation, naming).signature};\n`,
  );
  return `#import <Foundation/Foundation.h>
#import <AWSAPIGateway/AWSAPIGateway.h>
${imports}
NS_ASSUME_NONNULL_BEGIN

${objectiveCComment(`The client of ${api.name}.\n${api.description}`)}@interface ${naming.client} : AWSAPIGatewayClient

/// Returns the client with the default configuration. Set that of AWSServiceManager before, if requests should be signed.
+ (instancetype)defaultClient;

/// Makes a client with a configuration, and keeps it under a key.
+ (void)registerClientWithConfiguration:(AWSServiceConfiguration *)configuration forKey:(NSString *)key;

/// Returns the client that was registered under a key.
+ (nullable instancetype)clientForKey:(NSString *)key;

/// Forgets the client that was registered under a key.
+ (void)removeClientForKey:(NSString *)key;

${methods.join("\n")}
@end

NS_ASSUME_NONNULL_END
`;
}

function clientCode(api: SdkApi, operations: NamedOperations, naming: IosNames): string {
  const { client } = naming;
  return `#import "${client}.h"
#import <AWSCore/AWSCore.h>
#import <AWSCore/AWSSignature.h>
#import <AWSCore/AWSSynchronizedMutableDictionary.h>

@interface AWSAPIGatewayClient ()

- (instancetype)init;

@end

@implementation ${client}

static NSString *const AWSInfoClientKey = ${objectiveCString(client)};

+ (AWSSynchronizedMutableDictionary *)serviceClients {
    static AWSSynchronizedMutableDictionary *clients = nil;
    static dispatch_once_t onceToken;
    dispatch_once(&onceToken, ^{
        clients = [AWSSynchronizedMutableDictionary new];
    });
    return clients;
}

+ (instancetype)defaultClient {
    static ${client} *client = nil;
    static dispatch_once_t onceToken;
    dispatch_once(&onceToken, ^{
        AWSServiceConfiguration *configuration = nil;
        AWSServiceInfo *info = [[AWSInfo defaultAWSInfo] defaultServiceInfo:AWSInfoClientKey];
        if (info) {
            configuration = [[AWSServiceConfiguration alloc] initWithRegion:info.region
                                                        credentialsProvider:info.cognitoCredentialsProvider];
        }
        if (!configuration) {
            configuration = [AWSServiceManager defaultServiceManager].defaultServiceConfiguration;
        }
        if (!configuration) {
            configuration = [[AWSServiceConfiguration alloc] initWithRegion:AWSRegionUnknown credentialsProvider:nil];
        }
        client = [[${client} alloc] initWithConfiguration:configuration];
    });
    return client;
}

+ (void)registerClientWithConfiguration:(AWSServiceConfiguration *)configuration forKey:(NSString *)key {
    [[self serviceClients] setObject:[[${client} alloc] initWithConfiguration:configuration] forKey:key];
}

+ (instancetype)clientForKey:(NSString *)key {
    return [[self serviceClients] objectForKey:key];
}

+ (void)removeClientForKey:(NSString *)key {
    [[self serviceClients] removeObjectForKey:key];
}

- (instancetype)initWithConfiguration:(AWSServiceConfiguration *)configuration {
    if (self = [super init]) {
        self.configuration = [configuration copy];
        NSURL *address = [NSURL URLWithString:${objectiveCString(api.invokeUrl)}];
        self.configuration.endpoint = [[AWSEndpoint alloc] initWithRegion:configuration.regionType
                                                                  service:AWSServiceAPIGateway
                                                                      URL:address];
        AWSSignatureV4Signer *signer =
            [[AWSSignatureV4Signer alloc] initWithCredentialsProvider:configuration.credentialsProvider
                                                             endpoint:self.configuration.endpoint];
        self.configuration.baseURL = self.configuration.endpoint.URL;
        self.configuration.requestInterceptors = @[[AWSNetworkingRequestInterceptor new], signer];
    }
    return self;
}

${operations.map(([name, operation]) => methodText(name, operation, naming)).join("\n")}
@end
`;
}

function methodText(name: string, operation: SdkOperation, naming: IosNames): string {
  const { httpMethod, path, body, successes } = operation;
  const { signature, taken, body: bodyName } = partsOf(name, operation, naming);
  const model = successes.find((response) => response.model !== undefined)?.model;
  // Of answers, the library makes classes of structures only.
  const answer = model?.shape.kind === "structure" ? naming.structures.get(model.shape.name) : undefined;
  const set = (to: string, where: SdkParameter["in"]): string =>
    taken
      .filter(({ parameter }) => parameter.in === where)
      .map(({ parameter, local }) => `    ${to}[${objectiveCString(keyOf(parameter))}] = ${local};\n`)
      .join("");
  const contentType = objectiveCString(body?.contentType ?? "application/json");
  return `${signature} {
    NSMutableDictionary *headerParameters = [NSMutableDictionary dictionary];
    headerParameters[@"Content-Type"] = ${contentType};
    headerParameters[@"Accept"] = @"application/json";
${set("headerParameters", "header")}    NSMutableDictionary *queryParameters = [NSMutableDictionary dictionary];
${set("queryParameters", "query")}    NSMutableDictionary *pathParameters = [NSMutableDictionary dictionary];
${set("pathParameters", "path")}    return [self invokeHTTPRequest:${objectiveCString(httpMethod)}
                         URLString:${objectiveCString(path)}
                    pathParameters:pathParameters
                   queryParameters:queryParameters
                  headerParameters:headerParameters
                              body:${bodyName ?? "nil"}
                     responseClass:${answer === undefined ? "nil" : `[${answer} class]`}];
}
`;
}

/** The members of a structure by the names of their properties. */
function propertiesOf({ members }: Structure) {
  const names = new Names([...objectiveCKeywords, ...objectMembers]);
  return members.map((member) => ({ ...member, property: names.take(unowned(camelCase(member.name))) }));
}

function modelHeader(structure: Structure, naming: IosNames): string {
  const { name, description } = structure;
  const owner = naming.structures.get(name)!;
  const named = propertiesOf(structure);
  const others = new Set(
    named.flatMap(({ shape }) => (shape.kind === "structure" ? [naming.structures.get(shape.name)!] : [])),
  );
  others.delete(owner);
  const properties = named.map(({ property, shape, description: text }) => {
    const type = typeOf(shape, naming);
    const space = type.endsWith("*") ? "" : " ";
    return `${text === "" ? "" : objectiveCComment(text)}@property (nonatomic, strong, nullable) ${type}${space}${property};\n`;
  });
  return `#import <Foundation/Foundation.h>
#import <AWSCore/AWSCore.h>

${others.size === 0 ? "" : `@class ${[...others].join(", ")};\n\n`}${description === "" ? "" : objectiveCComment(description)}@interface ${owner} : AWSModel

${properties.join("\n")}
@end
`;
}

function modelCode(structure: Structure, naming: IosNames): string {
  const owner = naming.structures.get(structure.name)!;
  const named = propertiesOf(structure);
  const paths = named.map(
    ({ property, name: wire }) => `        ${objectiveCString(property)}: ${objectiveCString(wire)},\n`,
  );
  const transformers = named.map(({ property, shape }) => transformerText(property, shape, naming));
  const others = new Set(named.flatMap(({ shape }) => elementOf(shape, naming)?.owner ?? []));
  others.delete(owner);
  return `#import "${owner}.h"
${Array.from(others, (other) => `#import "${other}.h"\n`).join("")}
@implementation ${owner}

+ (NSDictionary *)JSONKeyPathsByPropertyKey {
    return @{
${paths.join("")}    };
}
${transformers.join("")}
@end
`;
}

/** The class of a structure, or of the structures in a list. */
function elementOf(
  shape: Shape,
  { structures }: IosNames,
): { owner: string; kind: "Array" | "Dictionary" } | undefined {
  const [element, kind] = shape.kind === "list" ? ([shape.items, "Array"] as const) : ([shape, "Dictionary"] as const);
  return element.kind === "structure" ? { owner: structures.get(element.name)!, kind } : undefined;
}

/** The library finds, by its name, the method that makes a property's class of JSON. */
function transformerText(property: string, shape: Shape, naming: IosNames): string {
  const element = elementOf(shape, naming);
  if (element === undefined) return "";
  return `
+ (NSValueTransformer *)${property}JSONTransformer {
    return [NSValueTransformer awsmtl_JSON${element.kind}TransformerWithModelClass:[${element.owner} class]];
}
`;
}

function readme({ client, header }: IosNames, operations: NamedOperations): string {
  return `# ${client}

1. Copy \`Podfile\` beside your Xcode project, name your target in it, and run \`pod install\`.
2. Add the files of \`generated-src\` to the project.

\`\`\`objc
#import "${header}.h"

${client} *client = [${client} defaultClient];
client.APIKey = @"API_KEY"; // sent as x-api-key
\`\`\`

A configuration with credentials, set as the \`defaultServiceConfiguration\` of \`AWSServiceManager\` before, lets requests be
signed. An answer that is not 2xx is the task's error. \`invoke:\` of \`AWSAPIGatewayClient\` sends any request.

${methodTable(operations)}`;
}
