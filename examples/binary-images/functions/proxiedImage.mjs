import { describe, sunset } from "./_images.mjs";

// Behind the proxy integration: bytes come and go as base64, and `isBase64Encoded` says so.
export const handler = async ({ httpMethod, body, isBase64Encoded }) => {
  if (httpMethod === "GET")
    return {
      statusCode: 200,
      headers: { "Content-Type": "image/png" },
      body: sunset.toString("base64"),
      isBase64Encoded: true,
    };
  const described = describe(Buffer.from(body, isBase64Encoded ? "base64" : "utf8"));
  return {
    statusCode: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ isBase64Encoded, ...described }),
  };
};
