/** All bytes of a stream, or undefined as soon as they are more than `bytesMax`. What the stream throws is thrown. */
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

/** The body of an answer as text, of `bytesMax` bytes at most; a longer one is an error. */
export async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return "";
  const bytes = await readBytes(response.body, bytesMax);
  if (bytes === undefined) throw new Error("its answer is too long");
  return bytes.toString("utf8");
}
