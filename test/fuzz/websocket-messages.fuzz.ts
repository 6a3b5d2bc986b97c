// Any message gets one answer, whatever is in it; nothing is logged as an error, and the connection stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { aWebSocketApi } from "../exchange/a-websocket-api.ts";
import { connect } from "../exchange/open-websocket.ts";
import { startGateway } from "../exchange/start-gateway.ts";
import { below, chance, durationMsOr, makeRandom, pick, type Random, seed } from "../random.ts";
import { within } from "../until.ts";

const names = ["action", "a", "b", "__proto__", "constructor", "toString", "$connect", "a.b", "", "length", "0"];
const texts = [...names, "known", "$default", "$disconnect", "${request.body.a}", "\ud800", "\u0000", "x".repeat(300)];

function anything(random: Random, depth: number): string {
  if (depth === 0 || chance(random, 0.4)) {
    return pick(random, [
      "1",
      "-0",
      "1e400",
      "1.0",
      "true",
      "null",
      '""',
      ...texts.map((text) => JSON.stringify(text)),
    ]);
  }
  const items = Array.from({ length: below(random, 4) }, () => anything(random, depth - 1));
  if (chance(random, 0.4)) return `[${items.join()}]`;
  return `{${items.map((item) => `${JSON.stringify(pick(random, names))}:${item}`).join()}}`;
}

function aMessage(random: Random): string {
  const text = anything(random, 1 + below(random, 6));
  if (chance(random, 0.2)) return text.slice(0, below(random, text.length + 1));
  if (chance(random, 0.1)) return `${text}${pick(random, [" ", ",", "}", text, "\n"])}`;
  if (chance(random, 0.05)) return "[".repeat(below(random, 20_000));
  return text;
}

const expressions = [
  "$request.body.action",
  "${request.body.a}/${request.body.b}",
  "$request.body",
  "$request.body..a",
  "$request.body[0]",
  "$request.body['__proto__'].a",
  "${request.body.a}${request.body..*}",
];

test(`fuzz: any message is answered once, by a route or an error (PORTICO_FUZZ_SEED=${seed})`, async () => {
  const random = makeRandom(seed);
  const goesOn = within(durationMsOr(2_000));
  await using gateway = await startGateway();
  while (goesOn()) {
    const RouteSelectionExpression = pick(random, expressions);
    const route = {
      integration: {
        RequestTemplates: { $default: '{"statusCode": 200}' },
        TemplateSelectionExpression: pick(random, expressions),
      },
      responses: [{ ResponseTemplates: { $default: "$context.routeKey $input.path('$.a') $input.json('$')" } }],
      isTwoWay: true,
    };
    const keys = [...new Set([pick(random, texts.slice(1, 12)), "known"])].filter((key) => key !== "");
    const routes = Object.fromEntries(keys.filter((key) => !key.startsWith("$")).map((key) => [key, route]));
    gateway.deployWebSocket(
      aWebSocketApi(chance(random, 0.7) ? { ...routes, $default: route } : routes, {
        api: { RouteSelectionExpression },
      }),
    );
    const { ask, messages, socket } = await connect(gateway);
    for (let count = 1; count <= 40; count++) {
      const message = aMessage(random);
      const answer = await ask(message);
      assert.ok(!answer.startsWith("$connect") && !answer.startsWith("$disconnect"), message);
      assert.equal(messages.length, count, message);
    }
    socket.close();
  }
  assert.deepEqual(gateway.errors, []);
});
