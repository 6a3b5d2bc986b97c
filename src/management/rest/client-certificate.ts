import {
  type ClientCertificate,
  type ClientCertificateKey,
  certificateKinds,
} from "../../definition/client-certificate.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { listPaths, member, text } from "../../families/patch.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { requireRoom } from "../control-service.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { makeSelfSignedCertificate } from "./self-signed-certificate.ts";
import { type Change, defineResource, documents, operations, spanning, type Work } from "./work.ts";

const certificates = documents({
  kind: certificateKinds.clientCertificate,
  member: "clientCertificateId",
  idOf: (certificate: ClientCertificate) => certificate.clientCertificateId,
  order: creationOrder,
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  missing: () => notFound("Invalid Client Certificate identifier specified"),
});

/** AWS: "Generate and configure an SSL certificate for backend authentication": a year. */
const validitySeconds = 365 * 86_400;

async function requireRoomForOne(work: Work<"GenerateClientCertificate">): Promise<void> {
  checkTags(work.input.tags ?? {}, work.limits);
  requireRoom(work, "clientCertificates", await work.tx.count(certificateKinds.clientCertificate));
}

async function storeCertificate(
  work: Change<"GenerateClientCertificate">,
  made: { readonly certificate: string; readonly privateKey: string; readonly createdDate: number },
): Promise<ClientCertificate> {
  const { input } = work;
  await requireRoomForOne(work);
  const item = present<ClientCertificate>({
    clientCertificateId: await certificates.freshId(work, 6),
    description: input.description,
    pemEncodedCertificate: made.certificate,
    createdDate: made.createdDate,
    expirationDate: made.createdDate + validitySeconds,
    tags: nonEmpty(input.tags),
  });
  const key: ClientCertificateKey = { privateKey: made.privateKey };
  await certificates.put(item, work);
  await work.tx.put(certificateKinds.clientCertificateKey, item.clientCertificateId, key);
  return item;
}

async function deleteKey(item: ClientCertificate, work: Change): Promise<void> {
  const id = item.clientCertificateId;
  const where = { index: "clientCertificate", key: id };
  const [used] = [
    ...(await work.tx.list(restKinds.stage, { where, limit: 1 })),
    ...(await work.tx.list(v2Kinds.stage, { where, limit: 1 })),
  ];
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (used !== undefined) {
    throw badRequest(`Cannot delete client certificate '${id}', is referenced in stage: ${used.id.replace("/", ":")}`);
  }
  await work.tx.delete(certificateKinds.clientCertificateKey, id);
}

/** AWS: API Gateway REST API reference, "ClientCertificate". */
export const clientCertificate = {
  ...defineResource({
    operations: {
      get: "GetClientCertificate",
      list: "GetClientCertificates",
      update: "UpdateClientCertificate",
      delete: "DeleteClientCertificate",
    },
    place: certificates,
    patch: { refuse: listPaths, rules: { "/description": member("description", text) } },
    onDelete: deleteKey,
  }),
  ...operations({
    GenerateClientCertificate: spanning(async ({ call, read, write }) => {
      // The limit is checked before and after, because making the key pair takes long and no other writer should wait
      // for it.
      await read(requireRoomForOne);
      const createdDate = nowSeconds(call);
      const pair = await makeSelfSignedCertificate({
        name: "ApiGateway",
        notBefore: createdDate,
        notAfter: createdDate + validitySeconds,
      });
      return write((work) => storeCertificate(work, { ...pair, createdDate }));
    }),
  }),
};
