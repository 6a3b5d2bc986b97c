import { json, pets } from "./_pets.mjs";

// GET /pets?type=dog&limit=2
export const handler = async (event) => {
  // Without a query string this is null, not an empty object: as on AWS.
  const { type, limit } = event.queryStringParameters ?? {};
  const found = pets.filter((pet) => !type || pet.type === type);
  return json(200, limit ? found.slice(0, Number(limit)) : found);
};
