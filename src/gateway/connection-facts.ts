/** What an exchange of a WebSocket API tells besides what it is itself. */
export interface ConnectionFacts {
  readonly connectionId: string;
  /** The name by which the client came, or this machine's, with the port: `https://{domainName}/{stage}` leads here. */
  readonly domainName: string;
  /** Milliseconds since 1970. */
  readonly connectedMs: number;
  readonly eventType: "CONNECT" | "MESSAGE" | "DISCONNECT";
  readonly messageId?: string | undefined;
  /** How the connection ended. */
  readonly disconnect?: undefined | { readonly code: number; readonly reason: string };
}
