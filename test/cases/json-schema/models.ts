const address = (name: string): string => `https://apigateway.amazonaws.com/restapis/abc123/models/${name}`;

/** The other models of the API `abc123`. */
export const models: Readonly<Record<string, string>> = {
  Pet: JSON.stringify({
    type: "object",
    required: ["name"],
    properties: { name: { type: "string" }, owner: { $ref: address("Person") } },
  }),
  Person: JSON.stringify({
    type: "object",
    required: ["id"],
    properties: { id: { type: "integer" }, pets: { type: "array", items: { $ref: address("Pet") } } },
  }),
  Broken: "{",
};
