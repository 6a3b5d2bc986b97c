/**
 * The certificate that a stage shows to its backends, so that they can tell that a request came through the gateway.
 */
export interface ClientCertificate {
  readonly clientCertificateId: string;
  readonly description?: string;
  readonly pemEncodedCertificate: string;
  /** Seconds since 1970. */
  readonly createdDate: number;
  readonly expirationDate: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A certificate's private key. It is a document of its own, so that no answer can show it by mistake. */
export interface ClientCertificateKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

/** The store's document kinds, in the account's and region's scope. */
export const certificateKinds = {
  /** `{clientCertificateId}` → {@link ClientCertificate} */
  clientCertificate: "client-certificate",
  /** `{clientCertificateId}` → {@link ClientCertificateKey} */
  clientCertificateKey: "client-certificate-key",
} as const;
