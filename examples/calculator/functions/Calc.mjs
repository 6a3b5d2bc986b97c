import { calculate } from "./_calculate.mjs";

// Behind the custom integration: the event is what the templates make, and an error's message chooses the status.
export const handler = async (event) => calculate(event);
