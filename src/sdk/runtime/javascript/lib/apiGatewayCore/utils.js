// What the parts of the client share. In pages these files are plain scripts, in Node they are required in this order.
(() => {
  globalThis.apiGateway ??= {};
  const { apiGateway } = globalThis;
  apiGateway.core ??= {};

  const isNothing = (value) => value === undefined || value === null;

  apiGateway.core.utils = {
    isNothing,

    assertDefined(value, name) {
      if (isNothing(value)) throw new Error(`${name} must be defined`);
      return value;
    },

    /** Headers or query parameters without those that have no value. */
    merge(...all) {
      const merged = {};
      for (const one of all) {
        for (const [name, value] of Object.entries(one ?? {})) if (!isNothing(value)) merged[name] = String(value);
      }
      return merged;
    },

    /** A header by its name, in whatever case it was written. */
    headerName: (headers, name) => Object.keys(headers).find((one) => one.toLowerCase() === name.toLowerCase()),

    /** RFC 3986: everything but unreserved characters. */
    encode: (text) =>
      encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),

    /** Fills `/pets/{petId}` and `/files/{proxy+}` in. */
    expandPath(template, params) {
      return template.replace(/\{([^}+]+)(\+?)\}/g, (_, name, plus) => {
        const value = String(apiGateway.core.utils.assertDefined(params[name], name));
        const segments = plus === "+" ? value.split("/") : [value];
        // A URL can't have such a segment: it would name another resource.
        if (value === "" || segments.some((one) => one === "." || one === "..")) {
          throw new Error(`${name} must not be ${JSON.stringify(value)}`);
        }
        return segments.map(apiGateway.core.utils.encode).join("/");
      });
    },

    queryString: (params) =>
      Object.entries(params)
        .map(([name, value]) => `${apiGateway.core.utils.encode(name)}=${apiGateway.core.utils.encode(value)}`)
        .join("&"),
  };
})();
