// Deep imports, so that a gateway thread loads undici's HTTP/1.1 client without fetch, caches, WebSocket and the rest.
declare module "undici/lib/dispatcher/client.js" {
  import type { Client } from "undici";

  const client: typeof Client;
  // biome-ignore lint/style/noDefaultExport: how a CommonJS module's exports are imported.
  export default client;
}
declare module "undici/lib/core/connect.js" {
  import type { buildConnector } from "undici";

  const build: typeof buildConnector;
  // biome-ignore lint/style/noDefaultExport: as above.
  export default build;
}
