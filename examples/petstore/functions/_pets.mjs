// A file whose name begins with `_` is no function: it is packed beside every function of this folder.
export const pets = [
  { id: 1, type: "dog", name: "Rex", price: 249.99 },
  { id: 2, type: "cat", name: "Mia", price: 124.99 },
  { id: 3, type: "fish", name: "Nemo", price: 0.99 },
];

/** What a Lambda proxy integration must answer: a status, headers, and the body as a string. */
export const json = (statusCode, body) => ({
  statusCode,
  headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
  body: JSON.stringify(body),
});
