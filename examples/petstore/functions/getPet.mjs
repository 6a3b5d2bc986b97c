import { json, pets } from "./_pets.mjs";

// GET /pets/{petId}
export const handler = async (event) => {
  const pet = pets.find(({ id }) => id === Number(event.pathParameters.petId));
  if (!pet) return json(404, { message: `There is no pet ${event.pathParameters.petId}` });
  return json(200, pet);
};
