// A WebSocket server that echoes by itself, with the library ws: what the same clients see where there is no gateway and no
// backend. Prints its port.
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => socket.on("message", (message) => socket.send(String(message))));
server.on("listening", () => console.log((server.address() as AddressInfo).port));
process.on("SIGTERM", () => process.exit(0));
