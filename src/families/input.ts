/**
 * An operation's input, from the types of the service's SDK: `InputOf<APIGateway, "CreateStage">`. The protocol layer has
 * checked every input against the interface model before a handler sees it, so what the model requires is there.
 */
export type InputOf<Client, Name> = Name extends string
  ? Uncapitalize<Name> extends keyof Client
    ? Client[Uncapitalize<Name>] extends (input: infer Input, ...rest: never[]) => unknown
      ? BoundInput<Input>
      : never
    : never
  : never;

/** The names of a client's operations, as the model writes them. */
export type OperationName<Client> = {
  [Method in keyof Client & string]: Method extends "send" | "destroy"
    ? never
    : Client[Method] extends (...args: never[]) => unknown
      ? Capitalize<Method>
      : never;
}[keyof Client & string];

/** A structure as the protocol layer binds it: required members are present, at every depth. */
type BoundInput<Structure> = {
  readonly [Member in keyof Structure]: Record<never, never> extends Pick<Structure, Member>
    ? BoundValue<Structure[Member]>
    : BoundValue<NonNullable<Structure[Member]>>;
};

/** Blobs are Buffers, and timestamps are seconds since 1970. */
type BoundValue<Value> = [Extract<Value, ArrayBufferView>] extends [never]
  ? Value extends Date
    ? number
    : Value extends readonly (infer Element)[]
      ? readonly BoundValue<Element>[]
      : Value extends object
        ? BoundInput<Value>
        : Value
  : Buffer | Extract<Value, undefined>;

/**
 * The members of any of several inputs, for code that several operations share; each of them may be absent.
 * `MembersOf<{ a: string } | { b: number }>` is `{ a?: string; b?: number }`.
 */
export type MembersOf<Inputs> = {
  readonly [Member in KeyOfAny<Inputs>]?: Inputs extends { readonly [Name in Member]?: infer Value }
    ? Value | undefined
    : never;
};

type KeyOfAny<Inputs> = Inputs extends unknown ? keyof Inputs : never;
