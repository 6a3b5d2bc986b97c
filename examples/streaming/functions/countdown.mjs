import { setTimeout as wait } from "node:timers/promises";

/** Server-sent events, one every 200 ms. */
export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const from = Math.min(Number(event.queryStringParameters?.from ?? 3), 100);
  const stream = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: 200,
    headers: { "Content-Type": "text/event-stream" },
  });
  for (let n = from; n > 0; n--) {
    stream.write(`data: ${n}\n\n`);
    await wait(200);
  }
  stream.write("data: lift-off\n\n");
  stream.end();
});
