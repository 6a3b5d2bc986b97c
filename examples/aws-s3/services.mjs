// S3 on this machine, by the npm package fauxqs.
import { startFauxqs } from "fauxqs";

export async function start() {
  const server = await startFauxqs({ port: 0, logger: false });
  return { endpoints: { s3: `http://127.0.0.1:${server.port}` }, close: () => server.stop() };
}
