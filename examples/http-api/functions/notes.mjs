// Format 2.0: an event with joined headers and cookies. What is returned without a statusCode is the body, as JSON.
const notes = new Map([["1", "buy milk"]]);

export const handler = async ({ routeKey, rawPath, pathParameters, cookies = [], body, requestContext }) => {
  switch (routeKey) {
    case "GET /notes/{id}": {
      const { id } = pathParameters;
      return notes.has(id)
        ? { id, text: notes.get(id), cookies }
        : { statusCode: 404, body: `There is no note ${id}.` };
    }
    case "PUT /notes/{id}": {
      const { id } = pathParameters;
      notes.set(id, body);
      // What the authorizer said of the caller, with its types.
      const { name, level } = requestContext.authorizer.lambda;
      return {
        statusCode: 201,
        headers: { "content-type": "application/json" },
        cookies: [`last=${id}; Path=/notes`, `by=${name}; Path=/notes`],
        body: JSON.stringify({ id, by: name, level }),
      };
    }
    case "OPTIONS /{proxy+}":
      return { statusCode: 204 };
    default:
      return { statusCode: 404, body: `Nothing is at ${rawPath}, which the route ${routeKey} took.` };
  }
};
