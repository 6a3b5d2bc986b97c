// The server of the Python package moto (pip install "moto[server]"), for the examples of what npm has no server for.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

// Portico's account of whoever has no other; moto takes its own from the environment.
export const account = "000000000000";

/** Where it is; `call` makes a request to one of its services; `close` ends it. */
export async function startMoto() {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn("moto_server", ["--host", "127.0.0.1", "--port", String(port)], {
    stdio: "ignore",
    env: { ...process.env, MOTO_ACCOUNT_ID: account },
  });
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  const end = () => child.kill();
  process.once("exit", end);
  await Promise.race([failed, untilItAnswers(url)]);
  return {
    url,
    call: (service, headers, body) => call(url, service, headers, body),
    async close() {
      process.off("exit", end);
      const ended = once(child, "close");
      child.kill();
      await ended;
    },
  };
}

async function call(url, service, headers, body) {
  // It finds the service in the signature's scope, and does not check the rest.
  const scope = `${account}/20260101/us-east-1/${service}/aws4_request`;
  const Authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  const response = await fetch(url, { method: "POST", headers: { ...headers, Authorization }, body });
  if (!response.ok) throw new Error(`${service}: ${response.status} ${await response.text()}`);
}

async function untilItAnswers(url) {
  for (const end = performance.now() + 20_000; performance.now() < end; ) {
    const isThere = await fetch(`${url}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("moto_server did not answer within 20 s");
}

async function findFreePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
