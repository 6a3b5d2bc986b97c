const operations = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0 ? null : a / b),
};
const names = { add: "+", sub: "-", mul: "*", div: "/" };

/** Throws what is wrong; the status stands first, for the integration's selection pattern. */
export const calculate = ({ a, b, op }) => {
  if ([a, b, op].includes(undefined)) throw new Error("400 Invalid Input");
  if ([a, b].some((operand) => operand === "" || Number.isNaN(Number(operand)))) throw new Error("400 Invalid Operand");
  const operation = operations[names[op] ?? op];
  if (!operation) throw new Error("400 Invalid Operator");
  return { a: Number(a), b: Number(b), op, c: operation(Number(a), Number(b)) };
};
