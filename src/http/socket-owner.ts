import type { Socket } from "node:net";

/** What hears of a socket's events: an HTTP connection, and after an upgrade the WebSocket that it became. */
export interface SocketOwner {
  receive(chunk: Buffer): void;
  /** The other end has ended its side. */
  peerEnded(): void;
  drained(): void;
  /** The socket is closed. */
  gone(): void;
}

const owner = Symbol("owner");
type OwnedSocket = Socket & { [owner]: SocketOwner };

// One function serves all sockets: with closures, an idle connection would keep four of its own.
function onData(this: Socket, chunk: Buffer): void {
  (this as OwnedSocket)[owner].receive(chunk);
}
/** Gives a socket's owner what the socket has read, if it does not come by its `data` event. */
export const receiveFrom = (socket: Socket, bytes: Buffer): void => (socket as OwnedSocket)[owner].receive(bytes);

function onEnd(this: Socket): void {
  (this as OwnedSocket)[owner].peerEnded();
}
function onDrain(this: Socket): void {
  (this as OwnedSocket)[owner].drained();
}
function onClose(this: Socket): void {
  (this as OwnedSocket)[owner].gone();
}
// Resets and the like are ignored, because `close` follows.
function onError(): void {}

/** Sends the socket's events to its first owner. */
export function ownSocket(socket: Socket, by: SocketOwner): void {
  (socket as OwnedSocket)[owner] = by;
  socket.on("data", onData).on("end", onEnd).on("drain", onDrain).on("close", onClose).on("error", onError);
}

/** Sends the events of a socket that has an owner to another one. */
export function passSocket(socket: Socket, to: SocketOwner): void {
  (socket as OwnedSocket)[owner] = to;
}
