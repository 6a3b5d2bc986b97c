import assert from "node:assert/strict";
import { request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request over a connection of its own: the kernel deals connections out to the gateway threads. */
export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, body } = options;
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** A management call that must succeed; answers its JSON. */
export async function call(
  url: string,
  method: string,
  path: string,
  input?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await send(`${url}${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    ...(input !== undefined && { body: JSON.stringify(input) }),
  });
  assert.ok(answer.status < 300, `${method} ${path} answered ${answer.status}: ${answer.text}`);
  return answer.text === "" ? {} : JSON.parse(answer.text);
}

/** An API with one MOCK method, `GET /`, that answers a text; deployed to the stage `prod` by `deploy`. */
export class MockApi {
  readonly #url: string;
  readonly id: string;
  readonly #method: string;

  private constructor(url: string, id: string, method: string) {
    this.#url = url;
    this.id = id;
    this.#method = method;
  }

  static async create(url: string, name = "mock"): Promise<MockApi> {
    const { id, rootResourceId } = await call(url, "POST", "/restapis", { name });
    const method = `/restapis/${id}/resources/${rootResourceId}/methods/GET`;
    await call(url, "PUT", method, { authorizationType: "NONE" });
    await call(url, "PUT", `${method}/responses/200`, {});
    await call(url, "PUT", `${method}/integration`, {
      type: "MOCK",
      requestTemplates: { "application/json": '{"statusCode":200}' },
    });
    return new MockApi(url, String(id), method);
  }

  /** Makes the method one that needs an API key; answers it. */
  requireKey(): Promise<Record<string, unknown>> {
    const patchOperations = [{ op: "replace", path: "/apiKeyRequired", value: "true" }];
    return call(this.#url, "PATCH", this.#method, { patchOperations });
  }

  /** Lets the method answer a text, once it is deployed. */
  answer(text: string): Promise<Record<string, unknown>> {
    return call(this.#url, "PUT", `${this.#method}/integration/responses/200`, {
      responseTemplates: { "application/json": text },
    });
  }

  async deploy(text: string): Promise<string> {
    await this.answer(text);
    return String((await call(this.#url, "POST", `/restapis/${this.id}/deployments`, { stageName: "prod" }))["id"]);
  }

  /** The same API on a server that was started anew. */
  at(url: string): MockApi {
    return new MockApi(url, this.id, this.#method);
  }

  get path(): string {
    return `/_aws/execute-api/${this.id}/prod/`;
  }

  async get(url = this.#url): Promise<string> {
    const answer = await send(`${url}${this.path}`);
    return answer.status === 200 ? answer.text : `${answer.status} ${answer.text}`;
  }
}
