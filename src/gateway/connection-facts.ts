/** What an exchange of a WebSocket API tells besides what it is itself. */
export interface ConnectionFacts {
  readonly connectionId: string;
  /** Milliseconds since 1970. */
  readonly connectedMs: number;
  readonly eventType: "CONNECT" | "MESSAGE" | "DISCONNECT";
  readonly messageId?: string;
  /** How the connection ended. */
  readonly disconnect?: { readonly code: number; readonly reason: string };
}
