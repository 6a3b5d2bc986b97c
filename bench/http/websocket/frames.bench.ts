import { WebSocketUnderTest } from "../../../test/websocket-under-test.ts";
import type { Bench } from "../../bench.ts";
import { maskedText } from "./websocket-clients.ts";

const seconds = 1.5;

/** Text frames a second that one core reads and echoes, as 64 KB at a time bring them; the socket is none. */
function echoesPerSecond(payloadBytes: number): number {
  const frame = maskedText(payloadBytes);
  const count = Math.max(1, Math.floor(65_536 / frame.length));
  const chunk = Buffer.concat(Array.from({ length: count }, () => frame));
  const webSocket = new WebSocketUnderTest();
  let frames = 0;
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    webSocket.receive(chunk);
    frames += count;
    webSocket.socket.written.length = 0;
    webSocket.messages.length = 0;
  }
  return frames / seconds;
}

export const bench: Bench = {
  title: "frames read, unmasked, validated and echoed on one core, without a network",
  needs: [],
  async run() {
    echoesPerSecond(100);
    return {
      "frames/s of 20 bytes": echoesPerSecond(20),
      "frames/s of 1 KB": echoesPerSecond(1_024),
      "MB/s in frames of 32 KB": (echoesPerSecond(32_768) * 32_768) / 1e6,
    };
  },
};
