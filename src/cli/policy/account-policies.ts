import {
  type Identity,
  type NamedPolicy,
  type Principal,
  principalOfIdentity,
  principalOfSession,
} from "../../access/principal.ts";
import { bounds } from "../../base/bounds.ts";
import { UserError } from "../../base/user-error.ts";
import { fetchSigned } from "../signed-calls.ts";
import { type AnswerElement, findElement, membersAt, readQueryAnswer, textAt } from "./query-answer.ts";

/** The parts of a principal's ARN that is a root, a user, a role or a role's session. */
interface PrincipalName {
  readonly kind: Identity["kind"];
  readonly account: string;
  readonly name: string;
  /** The name of the role's session. */
  readonly sessionName: string | undefined;
}

function readPrincipalArn(arn: string): PrincipalName {
  const [, iamAccount, kind, iamName] =
    /^arn:aws[a-z-]*:iam::(\d{12}):(?:(user|role)\/(?:[\x21-\x7e]{1,510}\/)?([\w+=,.@-]{1,64})|root)$/.exec(arn) ?? [];
  if (iamAccount !== undefined) {
    const found = (kind ?? "root") as Identity["kind"];
    return { kind: found, account: iamAccount, name: iamName ?? "root", sessionName: undefined };
  }
  const [, account, name, sessionName] =
    /^arn:aws[a-z-]*:sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/.exec(arn) ?? [];
  if (account !== undefined) return { kind: "role", account, name: name!, sessionName };
  throw new UserError({
    what: `--principal ${arn} is not the ARN of a root, a user, a role or a role's session.`,
    why: "",
    next: "Write arn:aws:iam::ACCOUNT:user/NAME, arn:aws:iam::ACCOUNT:role/NAME or arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.",
    isUsage: true,
  });
}

/** Makes a principal that has nothing but its name. */
export function principalByName(arn: string): Principal {
  const name = readPrincipalArn(arn);
  const own = name.sessionName === undefined ? arn : `arn:${arn.split(":")[1]}:iam::${name.account}:role/${name.name}`;
  return withSession(
    { kind: name.kind, account: name.account, arn: own, id: "", name: name.name, path: "/", tags: {}, policies: [] },
    name,
  );
}

function withSession(identity: Identity, { sessionName }: PrincipalName): Principal {
  if (sessionName === undefined) return principalOfIdentity(identity);
  const session = {
    ...({ kind: "assumed-role", issuerArn: identity.arn, issuerId: identity.id, name: sessionName } as const),
    ...{ issuedAt: 0, expiresAt: Number.MAX_SAFE_INTEGER },
  };
  return principalOfSession(identity, session, () => undefined)!;
}

/** Reads a principal with its policies from a running server: by IAM's GetAccountAuthorizationDetails. */
export async function loadPrincipal(endpoint: string, arn: string): Promise<Principal> {
  const name = readPrincipalArn(arn);
  if (name.kind === "root") return principalByName(arn);
  const pages = await readAccount(endpoint, name.account);
  const all = (list: string): readonly AnswerElement[] => pages.flatMap((page) => membersAt(page, list));
  const isUser = name.kind === "user";
  const entity = all(isUser ? "UserDetailList" : "RoleDetailList").find((one) =>
    name.sessionName === undefined ? textAt(one, "Arn") === arn : textAt(one, "RoleName") === name.name,
  );
  if (entity === undefined) {
    throw new UserError({
      what: `There is no ${isUser ? "user" : "role"} ${arn}.`,
      why: "",
      next: `\`aws iam list-${isUser ? "users" : "roles"}\` lists them; with --policy, policies are read from files.`,
    });
  }
  const managed = new Map(all("Policies").map((policy) => [textAt(policy, "Arn"), policy]));
  const groups = new Map(all("GroupDetailList").map((group) => [textAt(group, "GroupName"), group]));
  const boundary = textAt(entity, "PermissionsBoundary", "PermissionsBoundaryArn");
  const tags = membersAt(entity, "Tags").map((tag) => [textAt(tag, "Key"), textAt(tag, "Value")] as const);
  const identity: Identity = {
    ...{ kind: name.kind, account: name.account, arn: textAt(entity, "Arn"), name: name.name },
    ...{
      id: textAt(entity, isUser ? "UserId" : "RoleId"),
      path: textAt(entity, "Path"),
      tags: Object.fromEntries(tags),
    },
    policies: [
      ...policiesOf(entity, isUser ? "UserPolicyList" : "RolePolicyList", managed),
      ...membersAt(entity, "GroupList").flatMap(({ text }) => {
        const group = groups.get(text);
        return group === undefined
          ? []
          : policiesOf(group, "GroupPolicyList", managed).map((policy) => ({ ...policy, group: text }));
      }),
    ],
    ...(boundary !== "" && { permissionsBoundary: managedPolicy(boundary, managed) }),
  };
  return withSession(identity, name);
}

function policiesOf(
  entity: AnswerElement,
  inline: string,
  managed: ReadonlyMap<string, AnswerElement>,
): readonly NamedPolicy[] {
  return [
    ...membersAt(entity, inline).map((policy) => ({
      name: textAt(policy, "PolicyName"),
      document: decodeURIComponent(textAt(policy, "PolicyDocument")),
    })),
    ...membersAt(entity, "AttachedManagedPolicies").map((policy) =>
      managedPolicy(textAt(policy, "PolicyArn"), managed),
    ),
  ];
}

/** A policy that is not there is the empty text, which denies everything. */
function managedPolicy(arn: string, managed: ReadonlyMap<string, AnswerElement>): NamedPolicy {
  const policy = managed.get(arn);
  const versions = policy === undefined ? [] : membersAt(policy, "PolicyVersionList");
  const current = versions.find((version) => textAt(version, "IsDefaultVersion") === "true");
  const document = current === undefined ? "" : decodeURIComponent(textAt(current, "Document"));
  return { name: arn.slice(arn.lastIndexOf("/") + 1), arn, document };
}

/** Reads all pages of IAM's GetAccountAuthorizationDetails. A twelve-digit access key is its own account's. */
async function readAccount(endpoint: string, account: string): Promise<readonly AnswerElement[]> {
  const pages: AnswerElement[] = [];
  let marker = "";
  do {
    const form = new URLSearchParams({
      ...{ Action: "GetAccountAuthorizationDetails", Version: "2010-05-08", MaxItems: "1000" },
      ...(marker !== "" && { Marker: marker }),
    });
    const response = await fetchSigned(endpoint, {
      method: "POST",
      path: "/",
      service: "iam",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        Authorization: `AWS4-HMAC-SHA256 Credential=${account}/20000101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: form.toString(),
      timeoutMs: bounds.cliExplainMsMax.value,
    });
    const answer = readQueryAnswer(await response.text());
    const result = findElement(
      answer,
      "GetAccountAuthorizationDetailsResponse",
      "GetAccountAuthorizationDetailsResult",
    );
    if (!response.ok || result === undefined) {
      const why = textAt(answer, "ErrorResponse", "Error", "Message");
      throw new UserError({
        what: `The server at ${endpoint} does not tell its policies (${response.status}).`,
        why,
        next: "Give the policies as files, with --policy.",
      });
    }
    pages.push(result);
    marker = textAt(result, "IsTruncated") === "true" ? textAt(result, "Marker") : "";
  } while (marker !== "");
  return pages;
}
