/** Returns a mapping's source as REST APIs name it, whose expressions are otherwise the same. */
export const asRestSource = (source: string): string => source.replace(/^route\.request\./, "method.request.");
