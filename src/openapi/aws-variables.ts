/**
 * Returns the variables that a document may use, and their values for its importer.
 * AWS: API Gateway Developer Guide, "AWS variables for OpenAPI import".
 */
export const awsVariables = ({
  account,
  region,
}: {
  readonly account: string;
  readonly region: string;
}): ReadonlyMap<string, string> =>
  new Map([
    ["AWS::AccountId", account],
    ["AWS::Region", region],
    ["AWS::Partition", partitionOf(region)],
  ]);

/** AWS: General Reference, "Amazon Resource Names (ARNs)". */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
