import { pipeline } from "node:stream/promises";

const line = `${"0123456789".repeat(6)}\n`;

async function* lines() {
  for (let written = 0; written < 12_000_000; written += line.length * 1_000) yield line.repeat(1_000);
}

/** The pipeline waits while the client reads: no more of it is in memory than is on its way. */
export const handler = awslambda.streamifyResponse(async (_event, responseStream) => {
  const metadata = { statusCode: 200, headers: { "Content-Type": "text/plain" } };
  await pipeline(lines(), awslambda.HttpResponseStream.from(responseStream, metadata));
});
