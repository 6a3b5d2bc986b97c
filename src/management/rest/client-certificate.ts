import type { GenerateClientCertificateRequest } from "@aws-sdk/client-api-gateway";
import {
  type ClientCertificate,
  type ClientCertificateKey,
  certificateKinds,
} from "../../definition/client-certificate.ts";
import { restKinds, type Stage } from "../../definition/rest-api.ts";
import { member, text } from "../../families/patch.ts";
import { badRequest } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { type DefinedResource, defineResource, documentsOfAccount, reading, writing } from "./define-resource.ts";
import { makeSelfSignedCertificate } from "./self-signed-certificate.ts";
import { checkTags } from "./tags.ts";
import {
  type Change,
  freshAccountId,
  type Input,
  nonEmpty,
  nowSeconds,
  present,
  requireRoom,
  type Work,
} from "./work.ts";

const documents = documentsOfAccount<ClientCertificate>({
  kind: certificateKinds.clientCertificate,
  member: "clientCertificateId",
  idOf: (certificate) => certificate.clientCertificateId,
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  missing: "Invalid Client Certificate identifier specified",
});

/** AWS: "Generate and configure an SSL certificate for backend authentication": a year. */
const validitySeconds = 365 * 86_400;

async function requireRoomForOne(work: Work): Promise<void> {
  const { tags } = work.input as unknown as GenerateClientCertificateRequest;
  checkTags(tags ?? {}, work.limits);
  const all = await work.tx.list(certificateKinds.clientCertificate);
  requireRoom(work, "clientCertificates", all.length);
}

async function storeCertificate(
  work: Change,
  made: { readonly certificate: string; readonly privateKey: string; readonly createdDate: number },
): Promise<ClientCertificate> {
  const input = work.input as unknown as GenerateClientCertificateRequest;
  await requireRoomForOne(work);
  const item = present<ClientCertificate>({
    clientCertificateId: await freshAccountId(work, certificateKinds.clientCertificate, 6),
    description: input.description,
    pemEncodedCertificate: made.certificate,
    createdDate: made.createdDate,
    expirationDate: made.createdDate + validitySeconds,
    tags: nonEmpty(input.tags),
  });
  const key: ClientCertificateKey = { privateKey: made.privateKey };
  await documents.put(item, work);
  await work.tx.put(certificateKinds.clientCertificateKey, item.clientCertificateId, key);
  return item;
}

async function deleteKey(item: ClientCertificate, work: Change): Promise<void> {
  const id = item.clientCertificateId;
  const where = { index: "clientCertificate", key: id };
  const [used] = await work.tx.list<Stage>(restKinds.stage, { where, limit: 1 });
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (used !== undefined) {
    throw badRequest(`Cannot delete client certificate '${id}', is referenced in stage: ${used.id.replace("/", ":")}`);
  }
  await work.tx.delete(certificateKinds.clientCertificateKey, id);
}

/** Refuses a stage's certificate that is not there. */
export async function requireClientCertificate(work: Work, id: string): Promise<void> {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if ((await documents.get(work, id)) === undefined)
    throw badRequest("Invalid Client Certificate identifier specified");
}

/** AWS: API Gateway REST API reference, "ClientCertificate". */
export const clientCertificate: DefinedResource = (dependencies) => ({
  ...defineResource<ClientCertificate>({
    operations: {
      get: "GetClientCertificate",
      list: "GetClientCertificates",
      update: "UpdateClientCertificate",
      delete: "DeleteClientCertificate",
    },
    place: documents,
    patch: { rules: { "/description": member("description", text) } },
    onDelete: deleteKey,
  })(dependencies),
  async GenerateClientCertificate(input: Input, call: CallContext) {
    // Checked before and after: the key pair takes its time, and no other writer should wait for it.
    await reading(dependencies, requireRoomForOne)(input, call);
    const createdDate = nowSeconds(call);
    const pair = await makeSelfSignedCertificate({
      name: "ApiGateway",
      notBefore: createdDate,
      notAfter: createdDate + validitySeconds,
    });
    return writing(dependencies, (work) => storeCertificate(work, { ...pair, createdDate }))(input, call);
  },
});
