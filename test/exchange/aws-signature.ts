import { RequestSigner } from "../../src/access/request-signer.ts";
import type { Backend } from "./start-gateway.ts";

/** Is the request signed, as a service that knows the secret would check it? */
export function isSignatureRight(
  { method, url, rawHeaders, headers, bytes }: Backend["requests"][number],
  options: { service: string; secretAccessKey: string },
): boolean {
  const given = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, /.exec(
    headers.authorization ?? "",
  );
  const made = new Set(["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "host"]);
  const kept = rawHeaders.filter((_, index) => !made.has(rawHeaders[index - (index % 2)]!.toLowerCase()));
  const token = headers["x-amz-security-token"];
  const date = String(headers["x-amz-date"]).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const credentials = {
    accessKeyId: given?.[1] ?? "",
    secretAccessKey: options.secretAccessKey,
    sessionToken: typeof token === "string" ? token : undefined,
  };
  const signer = new RequestSigner({ service: options.service, region: given?.[2] ?? "" });
  signer.sign(
    { method, target: url, host: headers.host ?? "", headers: kept, body: bytes },
    credentials,
    Date.parse(date),
  );
  return kept[kept.indexOf("Authorization") + 1] === headers.authorization;
}
