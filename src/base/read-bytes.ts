/**
 * Reads all bytes of a stream; returns undefined as soon as they are more than `bytesMax`. Throws what the stream
 * throws.
 */
export async function readBytes(stream: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads the body of an answer as text of at most `bytesMax` bytes. Throws for a longer one. */
export async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return "";
  const bytes = await readBytes(response.body, bytesMax);
  if (bytes === undefined) throw new Error("its answer is too long");
  return bytes.toString("utf8");
}
