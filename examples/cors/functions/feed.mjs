// Several origins, and cookies: what a gateway's static values can't do, and a function can.
const isAllowed = (origin) =>
  /^https:\/\/(shop|admin)\.example$|^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(origin);

export const handler = async ({ httpMethod, headers, path }) => {
  const origin = headers.Origin ?? headers.origin;
  // Caches must know that the answer depends on the origin, where none is named, too.
  const cors = { Vary: "Origin" };
  if (origin !== undefined && isAllowed(origin)) {
    cors["Access-Control-Allow-Origin"] = origin;
    cors["Access-Control-Allow-Credentials"] = "true";
  }
  if (httpMethod === "OPTIONS")
    return {
      statusCode: 204,
      headers: { ...cors, "Access-Control-Allow-Methods": "DELETE,GET", "Access-Control-Allow-Headers": "X-Trace" },
    };
  return {
    statusCode: 200,
    headers: { ...cors, "Content-Type": "application/json" },
    body: JSON.stringify({ httpMethod, path }),
  };
};
