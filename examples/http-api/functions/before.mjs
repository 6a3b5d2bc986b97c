// Format 1.0, as functions behind REST APIs have it: maps of several values both ways.
export const handler = async ({ version, path, multiValueQueryStringParameters }) => ({
  statusCode: 200,
  multiValueHeaders: { "x-seen": [version, path] },
  body: JSON.stringify(multiValueQueryStringParameters),
});
