import { lookup } from "node:dns/promises";
import { createServer, type Server } from "node:net";

/** The right to serve on an address and port, held by one server at a time. */
export interface PortLock {
  release(): void;
}

/**
 * Takes the lock; undefined if another server has it. The gateway threads share their port (`reusePort`), so that the kernel
 * would let another server's threads in, too. The lock is an abstract Unix socket: it belongs to the network that the
 * port belongs to, and goes with its process, however that ends. Elsewhere than on Linux no port is shared, and the
 * port itself is the lock.
 */
export async function lockPort(host: string, port: number): Promise<PortLock | undefined> {
  if (process.platform !== "linux" || port === 0) return { release: () => undefined };
  const { address } = await lookup(host);
  const server = createServer((socket) => socket.destroy());
  if (!(await isListening(server, `\0portico-port-${address}-${port}`))) return undefined;
  server.unref();
  return { release: () => void server.close() };
}

function isListening(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen({ path, exclusive: true }, () => resolve(true));
  });
}
