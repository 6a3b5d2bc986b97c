import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Where code in another process waits, by a GET of a URL, until the test lets it go on: no test then depends on time. */
export interface Gate extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the next one waits, with what lets it go on. */
  next(): Promise<() => void>;
}

export async function makeGate(): Promise<Gate> {
  const arrived: ServerResponse[] = [];
  const waiting: ((response: ServerResponse) => void)[] = [];
  const server = createServer((_request, response) => {
    const take = waiting.shift();
    if (take === undefined) arrived.push(response);
    else take(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async next() {
      const response = arrived.shift() ?? (await new Promise<ServerResponse>((resolve) => waiting.push(resolve)));
      return () => void response.end();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
