/**
 * Returns AWS's message for a failed TLS handshake that is a mistake in the configuration, which is answered with 500,
 * or undefined.
 * AWS: Knowledge Center, "How do I troubleshoot API Gateway errors when I use SSL certificates with backend
 * integration?" and "How do I resolve the API Gateway error "General SSLEngine problem"?"
 */
export function tlsFailureWords(code: string, host: string): string | undefined {
  if (nobodyVouches.has(code)) {
    return "PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target";
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "PKIX path validation failed: java.security.cert.CertPathValidatorException: validity check failed";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `Host name '${host}' does not match the certificate subject provided by the peer`;
  }
  return anyOther.test(code) ? "General SSLEngine problem" : undefined;
}

/** Returns whether the code says that the certificate's issuer is unknown or not trusted. */
export const isUntrusted = (code: string | undefined): boolean => code !== undefined && nobodyVouches.has(code);

/** Node.js: "X509 certificate error codes": the codes of an issuer that is unknown or not trusted. */
const nobodyVouches: ReadonlySet<string> = new Set([
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const anyOther =
  /^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|INVALID_|EPROTO$|PATH_LENGTH_EXCEEDED$|UNABLE_TO_|ERROR_IN_CERT_)/;
