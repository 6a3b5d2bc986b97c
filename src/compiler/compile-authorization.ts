import type { Method } from "../definition/rest-api.ts";
import type { StepPlan } from "../plan/steps.ts";
import type { MethodContext } from "./compile-method.ts";
import { compileResourcePolicy } from "./compile-resource-policy.ts";
import { closed } from "./refusal.ts";

type CompileAuthorization = (method: Method, context: MethodContext) => StepPlan[];

const close: CompileAuthorization = ({ authorizationType }) => {
  throw closed(`authorizationType ${authorizationType}`);
};

/** The steps of each `authorizationType`, the API's resource policy included. */
const compilers: Readonly<Record<string, CompileAuthorization>> = {
  NONE: (_, context) => compileResourcePolicy(context, "allow"),
  // The step asks the API's resource policy itself, once it knows the caller.
  AWS_IAM: () => [{ kind: "iam" }],
  CUSTOM: (method, context) => [
    ...compileResourcePolicy(context, "no-deny"),
    { kind: "authorizer", authorizerId: context.authorizers.use(method, ["TOKEN", "REQUEST"]) },
  ],
  // The policy is asked once the caller's token is known to be right, and has to allow the call.
  COGNITO_USER_POOLS: (method, context) => [
    {
      kind: "authorizer",
      authorizerId: context.authorizers.use(method, ["COGNITO_USER_POOLS"]),
      ...compileScopes(method),
    },
    ...compileResourcePolicy(context, "allow"),
  ],
};

const compileScopes = ({ authorizationScopes: scopes = [] }: Method): { readonly scopes?: readonly string[] } =>
  scopes.length === 0 ? {} : { scopes };

/** Returns the steps that decide whether the caller may call the method. Throws a refusal. */
export function compileAuthorization(method: Method, context: MethodContext): StepPlan[] {
  // AWS: "Private REST APIs in API Gateway": without a resource policy, all calls of a private API fail.
  if (context.isPrivate && !context.hasResourcePolicy) return [{ kind: "resource-policy", needs: "allow" }];
  const compile = Object.hasOwn(compilers, method.authorizationType) ? compilers[method.authorizationType] : undefined;
  return (compile ?? close)(method, context);
}
