// An HTTP backend that echoes bodies, and does nothing else: one request at a time on each connection. Prints its port.
import { type AddressInfo, createServer } from "node:net";

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const headEnd = bytes.indexOf("\r\n\r\n");
    const length = headEnd < 0 ? undefined : /content-length: *(\d+)/i.exec(bytes.toString("latin1", 0, headEnd))?.[1];
    const end = headEnd + 4 + Number(length ?? 0);
    if (headEnd < 0 || bytes.length < end) {
      rest = bytes;
      return;
    }
    rest = bytes.subarray(end);
    const body = bytes.toString("latin1", headEnd + 4, end);
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      "latin1",
    );
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
process.on("SIGTERM", () => process.exit(0));
