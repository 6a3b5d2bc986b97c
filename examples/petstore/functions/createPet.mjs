import { randomUUID } from "node:crypto";
import { json } from "./_pets.mjs";

const types = ["dog", "cat", "fish"];

// POST /pets
export const handler = async (event) => {
  let pet;
  try {
    pet = JSON.parse(event.body ?? "");
  } catch {
    return json(400, { message: "The body is not JSON" });
  }
  if (typeof pet?.name !== "string" || !types.includes(pet.type))
    return json(400, { message: `A pet needs a name and one of the types ${types.join(", ")}` });

  // What a function prints is in its log: `portico up` shows it.
  console.log(`taking in ${pet.name} the ${pet.type}`);

  // Nothing is kept: a function's memory is gone when its environment is, so a real one would write to a database here.
  return json(201, { id: randomUUID(), currency: process.env.CURRENCY, ...pet });
};
