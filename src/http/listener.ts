/** What a listener offers to its clients. Every request names its listener in `listener`. */
export interface Listener {
  /** Whether errors that Portico makes say why in `x-portico-hint`. */
  readonly hasHints: boolean;
  /** Whether requests for no address of an API go to the management API and the operations pages. */
  readonly hasManagement: boolean;
  readonly isEncrypted: boolean;
  /** Proxies whose `X-Forwarded-For` is believed. Nothing reads that yet, so none can be named. */
  readonly trustedProxies: readonly [];
}

/** The listener for a developer's machine: it offers everything, unencrypted. */
export const developmentListener: Listener = {
  hasHints: true,
  hasManagement: true,
  isEncrypted: false,
  trustedProxies: [],
};

/** The listener for everybody: it offers the APIs and nothing else. */
export const publicListener: Listener = { ...developmentListener, hasHints: false, hasManagement: false };
