/** What a listener offers to whoever connects to it; every request says by `listener` which one it came in by. */
export interface Listener {
  /** Errors that Portico makes say why in `x-portico-hint`. */
  readonly hasHints: boolean;
  /** What is no address of an API goes to the management API and the operations pages. */
  readonly hasManagement: boolean;
  readonly isEncrypted: boolean;
  /** Proxies whose `X-Forwarded-For` would be believed. Nothing reads that yet, hence none can be named. */
  readonly trustedProxies: readonly [];
}

/** For a machine of one's own: everything, unencrypted. */
export const developmentListener: Listener = {
  hasHints: true,
  hasManagement: true,
  isEncrypted: false,
  trustedProxies: [],
};

/** For everybody: the APIs, and nothing else. */
export const publicListener: Listener = { ...developmentListener, hasHints: false, hasManagement: false };
