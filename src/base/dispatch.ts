/** A handler for each kind of a tagged union. A kind without a handler is a type error. */
export type Handlers<Message extends { readonly kind: string }> = {
  readonly [Kind in Message["kind"]]: (message: Extract<Message, { readonly kind: Kind }>) => void;
};

/** Passes a message to the handler of its kind. */
export function dispatch<Message extends { readonly kind: string }>(
  handlers: Handlers<Message>,
  message: Message,
): void {
  // The table pairs each kind with its own messages, which TypeScript can't follow through an index.
  const handle = handlers[message.kind as Message["kind"]] as (message: Message) => void;
  handle(message);
}
