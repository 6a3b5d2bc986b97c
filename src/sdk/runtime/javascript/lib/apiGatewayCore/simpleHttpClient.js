// Sends requests, signed or not, and reads answers.
(() => {
  globalThis.apiGateway ??= {};
  const { apiGateway } = globalThis;
  apiGateway.core ??= {};

  /** What a call rejects with: an answer that is not 2xx, or none (`status` is 0). */
  apiGateway.core.ApiGatewayError ??= class ApiGatewayError extends Error {
    constructor(message, result, options) {
      super(message, options);
      this.name = "ApiGatewayError";
      Object.assign(this, { status: 0, statusText: "", headers: {}, data: undefined }, result);
      if (result.status !== undefined) this.response = result;
    }
  };

  /** As axios reads: JSON where it is JSON, else text. */
  function parse(text) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  async function readData(response, responseType) {
    if (responseType === "arraybuffer") return response.arrayBuffer();
    if (responseType === "blob") return response.blob();
    const text = await response.text();
    return responseType === "text" ? text : parse(text);
  }

  apiGateway.core.simpleHttpClientFactory = {
    newClient() {
      return {
        async makeRequest(request) {
          const { url, verb, headers, body, responseType, timeout } = request;
          const config = { method: verb, url, headers, data: body };
          const signal = timeout > 0 ? AbortSignal.timeout(timeout) : undefined;
          let response;
          let data;
          try {
            response = await fetch(url, { method: verb, headers, body, signal });
            data = await readData(response, responseType);
          } catch (cause) {
            const message = cause.name === "TimeoutError" ? `timeout of ${timeout}ms exceeded` : "Network Error";
            throw new apiGateway.core.ApiGatewayError(message, { config }, { cause });
          }
          const { status, statusText } = response;
          const result = { data, status, statusText, headers: Object.fromEntries(response.headers), config };
          if (response.ok) return result;
          throw new apiGateway.core.ApiGatewayError(`Request failed with status code ${status}`, result);
        },
      };
    },
  };
})();
