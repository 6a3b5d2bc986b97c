/**
 * The rules that make a VPC link of an HTTP API valid. A check returns undefined, or AWS's message.
 * AWS: API Gateway version 2 API reference, "VpcLink".
 */
import { bounds } from "../base/bounds.ts";
import { checkLengths } from "./text-lengths.ts";
import type { HttpVpcLink } from "./vpc-link.ts";

const subnetsMax = bounds.vpcLinkSubnetsMax.value;
const securityGroupsMax = bounds.vpcLinkSecurityGroupsMax.value;
const subnet = /^subnet-[\w-]{1,64}$/;
const securityGroup = /^sg-[\w-]{1,64}$/;

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
export function checkHttpVpcLink({
  name,
  subnetIds,
  securityGroupIds,
}: Pick<HttpVpcLink, "name" | "subnetIds" | "securityGroupIds">): string | undefined {
  if (name.trim() === "") return "Name cannot be empty";
  const size = checkLengths({ Name: name }, { Name: [1, 128] });
  if (size !== undefined) return size;
  if (subnetIds.length === 0 || subnetIds.length > subnetsMax) {
    return `Invalid SubnetIds: a VPC link has 1 to ${subnetsMax} subnets`;
  }
  if (!subnetIds.every((id) => subnet.test(id))) return "Invalid SubnetIds: each must be the id of a subnet";
  if (securityGroupIds.length > securityGroupsMax) {
    return `Invalid SecurityGroupIds: a VPC link has at most ${securityGroupsMax}`;
  }
  return securityGroupIds.every((id) => securityGroup.test(id))
    ? undefined
    : "Invalid SecurityGroupIds: each must be the id of a security group";
}
