import { calculate } from "./_calculate.mjs";

const answer = (statusCode, body) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

// Behind the proxy integration: the event is the request, and the answer has a status, headers and a body.
export const handler = async ({ queryStringParameters }) => {
  const { operand1: a, operand2: b, operator: op } = queryStringParameters ?? {};
  try {
    return answer(200, calculate({ a, b, op }));
  } catch (error) {
    return answer(400, { message: error.message });
  }
};
