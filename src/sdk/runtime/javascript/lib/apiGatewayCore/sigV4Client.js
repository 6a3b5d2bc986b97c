// Signs requests. AWS: IAM user guide, "Create a signed AWS API request" (Signature Version 4).
(() => {
  globalThis.apiGateway ??= {};
  const { apiGateway } = globalThis;
  apiGateway.core ??= {};

  // FIPS 180-4 §4.2.2 and §5.3.3: from the square and cube roots of primes.
  const primes = [];
  for (let number = 2; primes.length < 64; number++) if (primes.every((prime) => number % prime)) primes.push(number);
  const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  const roundConstants = primes.map((prime) => fraction(Math.cbrt(prime)));
  const initialHash = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
  const rotate = (word, by) => (word >>> by) | (word << (32 - by));

  /** FIPS 180-4 §6.2. Here and not from `crypto.subtle`, which pages have over https only. */
  function sha256(bytes) {
    const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(padded.length - 4, bytes.length << 3);
    const hash = [...initialHash];
    const words = new Int32Array(64);
    for (let block = 0; block < padded.length; block += 64) {
      for (let t = 0; t < 16; t++) words[t] = view.getInt32(block + 4 * t);
      for (let t = 16; t < 64; t++) {
        const s0 = rotate(words[t - 15], 7) ^ rotate(words[t - 15], 18) ^ (words[t - 15] >>> 3);
        const s1 = rotate(words[t - 2], 17) ^ rotate(words[t - 2], 19) ^ (words[t - 2] >>> 10);
        words[t] = words[t - 16] + s0 + words[t - 7] + s1;
      }
      let [a, b, c, d, e, f, g, h] = hash;
      for (let t = 0; t < 64; t++) {
        const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        const one = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + words[t]) | 0;
        const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
      }
      for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) hash[index] = (hash[index] + word) | 0;
    }
    const digest = new Uint8Array(32);
    for (const [index, word] of hash.entries()) new DataView(digest.buffer).setInt32(4 * index, word);
    return digest;
  }

  const concat = (one, other) => {
    const both = new Uint8Array(one.length + other.length);
    both.set(one);
    both.set(other, one.length);
    return both;
  };

  /** RFC 2104. */
  function hmac(key, bytes) {
    const block = new Uint8Array(64);
    block.set(key.length > 64 ? sha256(key) : key);
    const inner = sha256(
      concat(
        block.map((byte) => byte ^ 0x36),
        bytes,
      ),
    );
    return sha256(
      concat(
        block.map((byte) => byte ^ 0x5c),
        inner,
      ),
    );
  }

  const utf8 = (text) => new TextEncoder().encode(text);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  apiGateway.core.sigV4ClientFactory = {
    newClient({ accessKey, secretKey, sessionToken, region, serviceName = "execute-api" }) {
      return {
        /** The headers of the signed request; `url` is as it will be sent, `bytes` the body. */
        sign(verb, url, headers, bytes, now = new Date()) {
          const { encode } = apiGateway.core.utils;
          const { host, pathname, search } = new URL(url);
          const datetime = now.toISOString().replace(/[:-]|\.\d{3}/g, "");
          const signed = { ...headers, "x-amz-date": datetime };
          if (sessionToken) signed["x-amz-security-token"] = sessionToken;
          // 1. The canonical request; path segments are encoded once more, as for all services but S3.
          const canonicalHeaders = Object.entries({ ...signed, host })
            .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, " ")])
            .sort(([one], [other]) => (one < other ? -1 : 1));
          const names = canonicalHeaders.map(([name]) => name).join(";");
          const query = search.slice(1).split("&").filter(Boolean).sort().join("&");
          const canonicalRequest = [
            verb,
            pathname.split("/").map(encode).join("/"),
            query,
            ...canonicalHeaders.map(([name, value]) => `${name}:${value}`),
            "",
            names,
            hex(sha256(bytes)),
          ].join("\n");
          // 2. The string to sign.
          const scope = `${datetime.slice(0, 8)}/${region}/${serviceName}/aws4_request`;
          const toSign = ["AWS4-HMAC-SHA256", datetime, scope, hex(sha256(utf8(canonicalRequest)))].join("\n");
          // 3. The signing key, and 4. the signature.
          const key = scope.split("/").reduce((secret, part) => hmac(secret, utf8(part)), utf8(`AWS4${secretKey}`));
          const signature = hex(hmac(key, utf8(toSign)));
          const credential = `Credential=${accessKey}/${scope}`;
          signed.Authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`;
          return signed;
        },
      };
    },
  };
})();
