/**
 * A type of SDK, as GetSdkTypes lists it. AWS: API Gateway REST API reference, "SdkType"; the texts are those of AWS's
 * developer portal.
 */
export interface SdkType {
  readonly id: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly configurationProperties: readonly SdkProperty[];
}

interface SdkProperty {
  readonly name: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly required: boolean;
  readonly defaultValue?: string;
}

interface Rule {
  readonly matches: RegExp;
  readonly says: string;
}

const word: Rule = {
  matches: /^[A-Za-z][A-Za-z0-9_.-]{0,99}$/,
  says: "letters, digits, dots, hyphens and underscores",
};
const version: Rule = { matches: /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,49}$/, says: "a version, such as 1.0.0" };
/** AWS: API Gateway developer guide, "Generate the Java SDK of an API in API Gateway": no hyphens. */
const serviceName: Rule = { matches: /^[A-Za-z][A-Za-z0-9_]{0,99}$/, says: "letters, digits and underscores" };

const javaKeywords =
  "abstract|assert|boolean|break|byte|case|catch|char|class|const|continue|default|do|double|else|enum|extends|false|" +
  "final|finally|float|for|goto|if|implements|import|instanceof|int|interface|long|native|new|null|package|private|" +
  "protected|public|return|short|static|strictfp|super|switch|synchronized|this|throw|throws|transient|true|try|void|" +
  "volatile|while|_";
/** No part may be a keyword, `java`, which is Java's own, or a class's name, which would hide the package. */
const javaPackage = new RegExp(
  `^(?=.{1,200}$)(?!java(\\.|$))(?![A-Z])(?!(.*\\.)?(${javaKeywords})(\\.|$))[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$`,
);

/** The form of each parameter's value, which becomes file names and parts of build files. */
const rules: Readonly<Record<string, Rule>> = {
  "service.name": serviceName,
  "java.package-name": {
    matches: javaPackage,
    says: "a Java package that begins with a lower-case letter",
  },
  "java.build-system": { matches: /^(maven|gradle)$/, says: "maven or gradle" },
  "java.group-id": word,
  "java.artifact-id": word,
  "java.artifact-version": version,
  "java.license-text": { matches: /^[\s\S]{0,20000}$/, says: "at most 20,000 characters" },
  groupId: word,
  artifactId: word,
  artifactVersion: version,
  classPrefix: { matches: /^[A-Za-z][A-Za-z0-9_]{0,49}$/, says: "letters, digits and underscores" },
  invokerPackage: { matches: javaPackage, says: "a Java package that begins with a lower-case letter" },
  "ruby.gem-name": word,
  "ruby.gem-version": { matches: /^[0-9]+(\.[0-9A-Za-z]+)*$/, says: "a version, such as 1.0.0" },
  "typescript.package-name": {
    matches: /^(@[a-z0-9][a-z0-9._-]{0,99}\/)?[a-z0-9][a-z0-9._-]{0,99}$/,
    says: "a name of an npm package",
  },
  "typescript.package-version": { matches: /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,50})?$/, says: "a version, such as 1.0.0" },
  "python.package-name": { matches: /^[a-z][a-z0-9_]{0,99}$/, says: "a name that Python can import" },
  "python.package-version": { matches: /^\d+(\.\d+)*((a|b|rc)\d+)?$/, says: "a version, such as 1.0.0" },
};

const required = true;

function property(name: string, friendlyName: string, description: string, isRequired = false): SdkProperty {
  return { name, friendlyName, description, required: isRequired };
}

/** AWS: API Gateway REST API reference, "GetSdk", parameters. */
const classPrefix = property("classPrefix", "Prefix", "Prefix of the names of all generated classes", required);

/** The first six are AWS's, the others ours. */
export const sdkTypes: readonly SdkType[] = [
  {
    id: "android",
    friendlyName: "Android",
    description: "",
    // AWS: API Gateway REST API reference, "GetSdk", parameters; "Generate the Android SDK of an API in API Gateway".
    configurationProperties: [
      property("groupId", "Group ID", "Unique identifier of the project, used in the pom.xml file", required),
      property("invokerPackage", "Invoker package", "Namespace of the generated client classes", required),
      property("artifactId", "Artifact ID", "Name of the compiled .jar file without its version", required),
      property("artifactVersion", "Artifact version", "Version of the generated client, such as 1.0.0", required),
    ],
  },
  {
    id: "java",
    friendlyName: "Java",
    description: "Java SDK generator for API Gateway APIs",
    configurationProperties: [
      property(
        "service.name",
        "Service Name",
        "Name of the service which is used to derive the Java interface name for your client",
        required,
      ),
      property(
        "java.package-name",
        "Java Package Name",
        "Name of the Java package your code will be generated under",
        required,
      ),
      property(
        "java.build-system",
        "Java Build System",
        "Build system to setup for project; Currently supported: maven, gradle",
      ),
      property("java.group-id", "Java Group Id", "Group id for your Maven or Gradle project. Defaults to package name"),
      property(
        "java.artifact-id",
        "Java Artifact Id",
        "Artifact Id for your Maven project or project name for your Gradle project. Defaults to service name",
      ),
      property(
        "java.artifact-version",
        "Java Artifact Version",
        "Version of your Maven or Gradle project. Defaults to 1.0-SNAPSHOT",
      ),
      property(
        "java.license-text",
        "Source Code License Text",
        "Customer provided license to inject into source file headers",
      ),
    ],
  },
  { id: "javascript", friendlyName: "JavaScript", description: "", configurationProperties: [] },
  {
    id: "objectivec",
    friendlyName: "iOS (Objective-C)",
    description: "",
    configurationProperties: [classPrefix],
  },
  {
    id: "ruby",
    friendlyName: "Ruby",
    description: "Ruby SDK generator for API Gateway APIs",
    configurationProperties: [
      property(
        "service.name",
        "Service Name",
        "Name of the service which is used to derive the name for your client",
        required,
      ),
      property("ruby.gem-name", "Ruby Gem Name", "Name of the Ruby gem your code will be generated under"),
      property("ruby.gem-version", "Ruby Gem Version", "Version number for your service gem. Defaults to 1.0.0"),
    ],
  },
  {
    id: "swift",
    friendlyName: "iOS (Swift)",
    description: "",
    configurationProperties: [classPrefix],
  },
  {
    id: "typescript",
    friendlyName: "TypeScript",
    description: "TypeScript SDK generator of Portico: over fetch, without dependencies",
    configurationProperties: [
      property("service.name", "Service Name", "Name of the client's class. Defaults to the API's name"),
      property("typescript.package-name", "Package Name", "Name of the npm package. Defaults to the service name"),
      property("typescript.package-version", "Package Version", "Version of the npm package. Defaults to 1.0.0"),
    ],
  },
  {
    id: "python",
    friendlyName: "Python",
    description: "Python SDK generator of Portico: the standard library only",
    configurationProperties: [
      property("service.name", "Service Name", "Name of the client's class. Defaults to the API's name"),
      property("python.package-name", "Package Name", "Name of the package. Defaults to the service name"),
      property("python.package-version", "Package Version", "Version of the package. Defaults to 1.0.0"),
    ],
  },
];

/** AWS: API Gateway REST API reference, "GetSdk", has these names for two of Java's parameters. */
const otherNames: Readonly<Record<string, string>> = {
  serviceName: "service.name",
  javaPackageName: "java.package-name",
};

/** Thrown for a missing or wrong parameter of GetSdk, with words for its caller. */
export class SdkParameterProblem extends Error {}

export type SdkParameters = ReadonlyMap<string, string>;

/** Returns a required parameter, which {@link readSdkParameters} has checked. */
export function parameterOf(parameters: SdkParameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw new Error(`the parameter ${name} is required`);
  return value;
}

/**
 * Returns the checked parameters of a type, and ignores those that the type does not have. Throws {@link
 * SdkParameterProblem}.
 */
export function readSdkParameters(type: SdkType, given: Readonly<Record<string, string>>): SdkParameters {
  const byName = new Map(Object.entries(given).map(([name, value]) => [otherNames[name] ?? name, value]));
  const found = new Map<string, string>();
  for (const { name, required: isRequired } of type.configurationProperties) {
    const value = byName.get(name);
    // Unconfirmed: how AWS words both; see docs/compatibility.md, "GetSdk, words".
    if (value === undefined || value === "") {
      if (isRequired) throw new SdkParameterProblem(`Missing required parameter for SDK type ${type.id}: ${name}`);
      continue;
    }
    const rule = rules[name];
    if (rule !== undefined && !rule.matches.test(value)) {
      throw new SdkParameterProblem(`Invalid value for parameter ${name}: must be ${rule.says}`);
    }
    found.set(name, value.toWellFormed());
  }
  return found;
}
