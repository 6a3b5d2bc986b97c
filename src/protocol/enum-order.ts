const buckets = 32;

/** `String.hashCode` of Java. */
function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/**
 * An enumeration's values in the order in which API Gateway lists them in its messages. All lists that were recorded are
 * in the order of an old Java hash table: 32 buckets, in each of them the value that was declared last first.
 */
export function inHashOrder(declared: readonly string[]): readonly string[] {
  const bucketOf = (value: string) => hashOf(value) & (buckets - 1);
  // The sort is stable, so that values of one bucket stay reversed.
  return declared.toReversed().sort((one, other) => bucketOf(one) - bucketOf(other));
}
