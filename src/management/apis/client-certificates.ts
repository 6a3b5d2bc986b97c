import { certificateKinds } from "../../definition/client-certificate.ts";
import { badRequest } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";

/** Refuses a stage's certificate that does not exist. */
export async function requireClientCertificate(tx: Reader, id: string): Promise<void> {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if ((await tx.get(certificateKinds.clientCertificate, id)) === undefined)
    throw badRequest("Invalid Client Certificate identifier specified");
}
