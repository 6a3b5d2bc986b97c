import { hasCode } from "../portico-calls.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Imports a document. One with more texts than API Gateway keeps as documentation parts is imported without them; AWS's
 * importer would refuse it. Returns the call's answer, with all warnings as text.
 */
export async function importDocument(
  input: Members,
  call: (input: Members) => Promise<Members>,
): Promise<{ readonly answer: Members; readonly warnings: readonly string[] }> {
  const texts = ({ warnings }: Members): string[] =>
    Array.isArray(warnings) ? warnings.filter((text) => typeof text === "string") : [];
  try {
    const answer = await call(input);
    return { answer, warnings: texts(answer) };
  } catch (error) {
    if (!hasCode(error, "BadRequestException") || !/Maximum number of Documentation Parts/.test(error.message)) {
      throw error;
    }
    const answer = await call({ ...input, parameters: { ignore: "documentation" } });
    const left = "The document's descriptions are left out: they are more than an API may have documentation parts";
    return { answer, warnings: [...texts(answer), `${left} (--limit documentationPartsPerApi=N takes more).`] };
  }
}
