import { createServer, type Server, Socket, type SocketConstructorOpts } from "node:net";
import { readCopies } from "../base/lent-memory.ts";
import { receiveFrom } from "./socket-owner.ts";

/** What libuv calls with each connection. Node has no name for it, and its own handler gives a socket no `onread`. */
interface ListeningHandle {
  onconnection?: (this: ListeningHandle, status: number, connection: object | undefined) => void;
}

/**
 * Makes a server of plain sockets for `onSocket`, which gives each an owner with `ownSocket` at once. They read into the memory
 * that the thread lends, and their owners get copies of the right size: of a small request this is a quarter of what Node's own
 * `data` event costs. Where Node has no such handle, they read as Node has it.
 */
export function createSocketServer(onSocket: (socket: Socket) => void): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
  server.on("listening", () => {
    const { _handle: handle } = server as { _handle?: ListeningHandle | null };
    const standard = handle?.onconnection;
    if (!handle || typeof standard !== "function") return;
    handle.onconnection = (status, connection) => {
      if (status !== 0 || connection === undefined) standard.call(handle, status, connection);
      else server.emit("connection", makeSocket(connection));
    };
  });
  return server;
}

function makeSocket(handle: object): Socket {
  const onread = readCopies((bytes) => receiveFrom(socket, bytes));
  const socket = new Socket({ handle, allowHalfOpen: true, onread } as SocketConstructorOpts);
  socket.setNoDelay(true);
  return socket;
}
