import type { FieldToMatch, Rule, Statement, TextTransformation, TransformationType } from "./web-acl.ts";

/** A group of rules that comes with Portico. */
export interface ManagedRuleGroup {
  readonly name: string;
  readonly description: string;
  readonly rules: readonly Rule[];
}

/** The vendor of all of them: they are not AWS's, and don't bear AWS's names. */
export const managedVendor = "Portico";

/** What the labels of a group's rules begin with. AWS: "Label syntax and naming requirements": in lower case. */
export const managedNamespace = (name: string): string =>
  `awswaf:managed:${managedVendor.toLowerCase()}:${name.toLowerCase()}:`;

const transforming = (...types: readonly TransformationType[]): readonly TextTransformation[] =>
  types.map((Type, Priority) => ({ Type, Priority }));
const asSent = transforming("NONE");
const decoded = transforming("URL_DECODE_UNI", "HTML_ENTITY_DECODE", "LOWERCASE");

const path: FieldToMatch = { UriPath: {} };
const query: FieldToMatch = { AllQueryArguments: {} };
const wholeQuery: FieldToMatch = { QueryString: {} };
const body: FieldToMatch = { Body: { OversizeHandling: "CONTINUE" } };
const cookies: FieldToMatch = {
  Cookies: { MatchPattern: { All: {} }, MatchScope: "VALUE", OversizeHandling: "CONTINUE" },
};
const longCookies: FieldToMatch = {
  Cookies: { MatchPattern: { All: {} }, MatchScope: "VALUE", OversizeHandling: "MATCH" },
};
const headers: FieldToMatch = {
  Headers: { MatchPattern: { All: {} }, MatchScope: "VALUE", OversizeHandling: "CONTINUE" },
};
const agent: FieldToMatch = { SingleHeader: { Name: "user-agent" } };

const matching = (FieldToMatch: FieldToMatch, RegexString: string, TextTransformations = decoded): Statement => ({
  RegexMatchStatement: { RegexString, FieldToMatch, TextTransformations },
});
const longer = (FieldToMatch: FieldToMatch, Size: number): Statement => ({
  SizeConstraintStatement: { FieldToMatch, Size, ComparisonOperator: "GT", TextTransformations: asSent },
});
const script = (FieldToMatch: FieldToMatch): Statement => ({
  XssMatchStatement: { FieldToMatch, TextTransformations: transforming("URL_DECODE_UNI", "HTML_ENTITY_DECODE") },
});
const injection = (FieldToMatch: FieldToMatch): Statement => ({
  SqliMatchStatement: { FieldToMatch, SensitivityLevel: "LOW", TextTransformations: transforming("URL_DECODE_UNI") },
});

/** Makes rules that block, in this order, each with a label of its name. */
const blocking = (statements: Readonly<Record<string, Statement>>): readonly Rule[] =>
  Object.entries(statements).map(([Name, one], Priority) => ({
    Name,
    Priority,
    Statement: one,
    Action: { Block: {} },
    RuleLabels: [{ Name }],
    VisibilityConfig: { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: Name },
  }));

const traversal = "(?:^|[\\\\/])\\.\\.(?:[\\\\/]|$)";
const systemFiles = "(?:etc/(?:passwd|shadow|group|hosts)|proc/self|boot\\.ini|win\\.ini|web-inf/|\\.ssh/)";
const remoteFile =
  "^(?:https?|ftps?|file|php|phar|gopher|dict)://(?:\\d{1,3}\\.){3}\\d{1,3}|^(?:file|php|phar|gopher|dict|expect|data:text)";
const jndi = "\\$\\{.{0,64}(?:jndi|:-j\\}|lower:j|upper:j)";
const javaObject = "(?:\\xac\\xed\\x00\\x05|ro0ab|java\\.lang\\.runtime|processbuilder)";
const shell =
  "(?:[;|&`]|\\$\\()\\s*(?:cat|ls|id|whoami|wget|curl|nc|bash|sh|powershell|cmd(?:\\.exe)?|ping|python\\d?|perl)(?:\\s|$|/)";

const all: readonly ManagedRuleGroup[] = [
  {
    name: "CoreRules",
    description: "What no API should get: scanners, oversize parts, paths out of a folder, remote files, scripts.",
    rules: blocking({
      NoUserAgent: {
        NotStatement: {
          Statement: {
            SizeConstraintStatement: {
              FieldToMatch: agent,
              Size: 0,
              ComparisonOperator: "GT",
              TextTransformations: asSent,
            },
          },
        },
      },
      ScannerUserAgent: matching(
        agent,
        "(?:sqlmap|nikto|nessus|nmap|masscan|zgrab|dirbuster|gobuster|wpscan|acunetix|netsparker|havij|w3af|openvas|jaeles|nuclei)",
        transforming("LOWERCASE"),
      ),
      LongPath: longer(path, 1_024),
      LongQuery: longer(wholeQuery, 2_048),
      LongCookies: longer(longCookies, 4_096),
      LongBody: {
        SizeConstraintStatement: {
          FieldToMatch: { Body: { OversizeHandling: "MATCH" } },
          Size: 8_192,
          ComparisonOperator: "GT",
          TextTransformations: asSent,
        },
      },
      TraversalInPath: matching(path, `${traversal}|${systemFiles}`),
      TraversalInQuery: matching(query, `${traversal}|${systemFiles}`),
      TraversalInBody: matching(body, `${traversal}|${systemFiles}`),
      RestrictedExtension: matching(
        path,
        "\\.(?:bak|old|orig|swp|log|ini|sql|sqlite|pem|key|pfx|htaccess|htpasswd|git|svn|env)$",
      ),
      RemoteFileInQuery: matching(query, remoteFile),
      ScriptInPath: script(path),
      ScriptInQuery: script(query),
      ScriptInCookies: script(cookies),
      ScriptInBody: script(body),
    }),
  },
  {
    name: "KnownBadInputs",
    description:
      "Inputs that exploit known flaws: look-ups of Log4j, serialised Java objects, shell commands, secrets' paths.",
    rules: blocking({
      JndiInPath: matching(path, jndi),
      JndiInQuery: matching(wholeQuery, jndi),
      JndiInHeaders: matching(headers, jndi),
      JndiInBody: matching(body, jndi),
      JavaObjectInBody: matching(body, javaObject, transforming("LOWERCASE")),
      JavaObjectInHeaders: matching(headers, javaObject, transforming("LOWERCASE")),
      ShellInQuery: matching(query, shell),
      ShellShock: matching(headers, "^\\(\\)\\s*\\{", asSent),
      SecretPath: matching(
        path,
        "/(?:\\.env|\\.git/|\\.aws/|\\.svn/|wp-config|server-status|actuator/(?:env|heapdump)|phpmyadmin|\\.ds_store)",
      ),
      MethodPropfind: matching({ Method: {} }, "^propfind$", transforming("LOWERCASE")),
    }),
  },
  {
    name: "SqlInjection",
    description: "Injections of SQL in query arguments, body, cookies and path.",
    rules: blocking({
      InjectionInQuery: injection(query),
      InjectionInBody: injection(body),
      InjectionInCookies: injection(cookies),
      InjectionInPath: injection(path),
    }),
  },
];

export const managedRuleGroups: ReadonlyMap<string, ManagedRuleGroup> = new Map(
  all.map((group) => [group.name, group]),
);
