/**
 * Returns a function that answers all who ask in one turn of the event loop with what one call of `make` returned: many who ask
 * at once cost as much as one, and nobody gets what is older than the question.
 */
export function oncePerTurn<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined;
  return () => {
    if (made === undefined) {
      made = { value: make() };
      setImmediate(() => {
        made = undefined;
      });
    }
    return made.value;
  };
}
