import { bounds } from "../../base/bounds.ts";
import { parseCidr } from "../../waf/ip-ranges.ts";
import { checkPattern } from "../../waf/statements/regex-match.ts";
import type { IpSet, RegexPatternSet } from "../../waf/web-acl.ts";
import { type IpSetItem, type RegexPatternSetItem, wafKinds } from "./documents.ts";
import { checking, invalidParameter, limitsExceeded } from "./errors.ts";
import { deleteItem, findItem, listItems, newName, putChanged, putNew, requireLock } from "./items.ts";
import { operations, reading, writing } from "./waf-families.ts";

const { ipSet, regexPatternSet } = wafKinds;

/** Returns the addresses of a set, each once. AWS: WAFV2 API reference, "IPSet": all blocks but /0. */
function checkAddresses(addresses: readonly string[], version: string): IpSet["Addresses"] {
  const max = bounds.wafAddressesMax.value;
  if (addresses.length > max) throw limitsExceeded(`An IP set has ${max} addresses.`);
  for (const address of addresses) {
    const block = parseCidr(address);
    if (block === undefined || block.version !== version || block.bits === 0) {
      throw invalidParameter("IP_ADDRESS", address, "The parameter contains formatting that is not valid.");
    }
  }
  return [...new Set(addresses)];
}

function checkPatterns(list: RegexPatternSet["RegularExpressionList"]): RegexPatternSet["RegularExpressionList"] {
  const max = bounds.wafRegexesMax.value;
  if (list.length > max) throw limitsExceeded(`A regex pattern set has ${max} patterns.`);
  checking(() => {
    for (const { RegexString = "" } of list) checkPattern(RegexString, "REGEX_PATTERN_SET");
  });
  return list;
}

/** AWS: WAFV2 API reference, one page for each operation. */
export const setOperations = operations({
  CreateIPSet: writing(async (work) => {
    const { IPAddressVersion, Addresses } = work.input;
    const item: IpSetItem = {
      ...(await newName(ipSet, work)),
      IPAddressVersion,
      Addresses: checkAddresses(Addresses, IPAddressVersion),
    };
    return putNew(ipSet, { item }, work);
  }),
  GetIPSet: reading(async (work) => {
    const { item, lockToken } = await findItem<IpSetItem>(ipSet, work);
    return { IPSet: item, LockToken: lockToken };
  }),
  UpdateIPSet: writing(async (work) => {
    const before = await findItem<IpSetItem>(ipSet, work);
    const { LockToken, Addresses, Description } = work.input;
    requireLock(before, LockToken);
    const { Description: _, ...kept } = before.item;
    const item = { ...kept, Addresses: checkAddresses(Addresses, kept.IPAddressVersion), ...described(Description) };
    return putChanged(ipSet, { ...before, item }, work);
  }),
  DeleteIPSet: writing((work) => deleteItem(ipSet, work)),
  ListIPSets: reading((work) => listItems(ipSet, "IPSets", work)),
  CreateRegexPatternSet: writing(async (work) => {
    const item: RegexPatternSetItem = {
      ...(await newName(regexPatternSet, work)),
      RegularExpressionList: checkPatterns(work.input.RegularExpressionList),
    };
    return putNew(regexPatternSet, { item }, work);
  }),
  GetRegexPatternSet: reading(async (work) => {
    const { item, lockToken } = await findItem<RegexPatternSetItem>(regexPatternSet, work);
    return { RegexPatternSet: item, LockToken: lockToken };
  }),
  UpdateRegexPatternSet: writing(async (work) => {
    const before = await findItem<RegexPatternSetItem>(regexPatternSet, work);
    const { LockToken, RegularExpressionList, Description } = work.input;
    requireLock(before, LockToken);
    const { Description: _, ...kept } = before.item;
    const item = { ...kept, RegularExpressionList: checkPatterns(RegularExpressionList), ...described(Description) };
    return putChanged(regexPatternSet, { ...before, item }, work);
  }),
  DeleteRegexPatternSet: writing((work) => deleteItem(regexPatternSet, work)),
  ListRegexPatternSets: reading((work) => listItems(regexPatternSet, "RegexPatternSets", work)),
});

/** AWS: an update replaces the whole item, its description included. */
export const described = (Description: string | undefined): { readonly Description?: string } =>
  Description === undefined ? {} : { Description };
