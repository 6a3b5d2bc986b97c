// The Node.js runtime of Portico's functions: loads the handler, then answers invocations one at a time.
// Plain JavaScript with few imports, because it is the cold start. Started by ../environment.ts as
// `node bootstrap/node.mjs SOCKET SDK-FOLDERS`, with AWS's environment variables and descriptor 3 as the control channel:
// one JSON line goes up (ready, or why not), and its end means that the server is gone.
// The frames on SOCKET are described in ../frames.ts.
// AWS: Lambda Developer Guide, "Building Lambda functions with Node.js"; "Define Lambda function handler in Node.js".
import dns from "node:dns";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire, registerHooks, syncBuiltinESMExports } from "node:module";
import { createServer, Socket } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { format, types } from "node:util";

const socketPath = process.argv[2];
const sdkFolders = JSON.parse(process.argv[3] ?? "[]");
process.argv.length = 2;
/** The C library keeps every value that a variable ever had, so one that changes with each invocation stays out of it. */
const environment = keepEnvironment(process.env);
const taskRoot = environment.LAMBDA_TASK_ROOT;
const handlerName = environment._HANDLER;
const isJsonLog = environment.AWS_LAMBDA_LOG_FORMAT === "JSON";
const logLevels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const leastLogLevel = logLevels.indexOf(environment.AWS_LAMBDA_LOG_LEVEL ?? "TRACE");
// AWS: Node.js 24 and later take no callbacks.
const allowsCallback = Number(/nodejs(\d+)/.exec(environment.AWS_EXECUTION_ENV ?? "")?.[1] ?? 22) < 24;

const kindInvoke = 1;
const kindLog = 2;
const kindResult = 3;
const kindError = 4;
const kindChunk = 5;
const kindEnd = 6;
const headerBytes = 9;
/** Of a streamed answer in one frame: what its reader has to hold is bounded, however much is written at once. */
const chunkBytesMax = 65_536;
/** AWS: Lambda quotas, "Invocation payload (request and response)". */
const responseBytesMax = 6_291_556;
const requestBytesMax = 6_400_000;
/** What may wait to be read by the server; more output than that is dropped, and said so. */
const logBacklogBytesMax = 1 << 20;

/** The invocation under way. */
let current;

/** Puts an object in the place of `process.env` whose members can be set without the system's knowledge. Returns it. */
function keepEnvironment(ofSystem) {
  const members = { ...ofSystem };
  process.env = new Proxy(members, {
    set(_, name, value) {
      ofSystem[name] = value;
      members[name] = ofSystem[name];
      return true;
    },
    defineProperty(_, name, descriptor) {
      Object.defineProperty(ofSystem, name, descriptor);
      members[name] = ofSystem[name];
      return true;
    },
    deleteProperty(_, name) {
      delete ofSystem[name];
      return delete members[name];
    },
  });
  return members;
}

const keepAlive = setInterval(() => {}, 0x7fffffff);
const realStdoutWrite = process.stdout.write.bind(process.stdout);
const realExit = process.exit.bind(process);

// ---- Frames ---------------------------------------------------------------------------------------------------------

function sendFrame(socket, kind, head, payload) {
  const headLength = Buffer.byteLength(head);
  const isText = typeof payload === "string";
  const payloadLength = isText ? Buffer.byteLength(payload) : payload.length;
  const frame = Buffer.allocUnsafe(headerBytes + headLength + payloadLength);
  frame.writeUInt32LE(5 + headLength + payloadLength, 0);
  frame[4] = kind;
  frame.writeUInt32LE(headLength, 5);
  frame.write(head, headerBytes);
  if (isText) frame.write(payload, headerBytes + headLength);
  else payload.copy(frame, headerBytes + headLength);
  return socket.write(frame);
}

function serve(socket) {
  socket.unref();
  socket.on("error", () => {});
  let whole;
  let filled = 0;
  let rest;
  socket.on("data", (chunk) => {
    let data = chunk;
    while (data.length > 0) {
      if (whole) {
        const taken = data.copy(whole, filled);
        filled += taken;
        if (filled < whole.length) return;
        data = data.subarray(taken);
        takeFrame(socket, whole);
        whole = undefined;
        continue;
      }
      if (rest) {
        data = Buffer.concat([rest, data]);
        rest = undefined;
      }
      if (data.length < headerBytes) {
        rest = data;
        return;
      }
      const length = data.readUInt32LE(0) + 4;
      if (length > requestBytesMax) return socket.destroy();
      if (data.length < length) {
        whole = Buffer.allocUnsafe(length);
        filled = data.copy(whole);
        return;
      }
      takeFrame(socket, data.subarray(0, length));
      data = data.subarray(length);
    }
  });
}

function takeFrame(socket, frame) {
  if (frame[4] !== kindInvoke || current) return socket.destroy();
  const headEnd = headerBytes + frame.readUInt32LE(5);
  invoke(socket, JSON.parse(frame.utf8Slice(headerBytes, headEnd)), frame.subarray(headEnd));
}

// ---- Names of folders -----------------------------------------------------------------------------------------------
// A function sees the folders that it has on this machine, so that whatever it reads is there. What it answers and prints
// has AWS's names for them: a stack trace that a client sees says nothing of the server.

/** Of each folder, as it may be written, its name on AWS. */
const awsNames = [];

/** The folders of the system itself have nothing of the server's, and a function may speak of them. */
const isOfSystem = (folder) => /^\/(usr|bin|opt)(\/|$)/.test(folder);

function nameOnAws(path, name) {
  if (!path) return;
  let real = path;
  try {
    real = realpathSync(path);
  } catch {}
  const isWritten = new Set();
  for (const each of [path, real]) {
    isWritten.add(each).add(JSON.stringify(each).slice(1, -1)).add(pathToFileURL(each).pathname);
  }
  for (const written of isWritten) awsNames.push([written, name]);
}

nameOnAws(taskRoot, "/var/task");
nameOnAws(import.meta.filename, "/var/runtime/index.mjs");
if (!isOfSystem(process.execPath)) nameOnAws(dirname(process.execPath), "/var/lang/bin");

function withAwsNames(text) {
  let named = text;
  for (const [written, name] of awsNames) if (named.includes(written)) named = named.replaceAll(written, name);
  return named;
}

// ---- Output ---------------------------------------------------------------------------------------------------------

let logText = "";
let logTimer;
let logFlushedAt = 0;

/** What the function prints: into its invocation's log, or to the real standard output outside of one. */
function print(text) {
  if (!current) return realStdoutWrite(withAwsNames(text));
  if (logText.length + current.socket.writableLength > logBacklogBytesMax) {
    current.droppedBytes += text.length;
    return true;
  }
  logText += text;
  // Written at once, so that a function that hangs afterwards has been heard; gathered when it prints a lot.
  const now = performance.now();
  if (now - logFlushedAt > 2 || logText.length > 16_384) {
    logFlushedAt = now;
    flushLog();
  } else {
    logTimer ??= setTimeout(flushLog, 2).unref();
  }
  return true;
}

function flushLog() {
  if (logTimer) {
    clearTimeout(logTimer);
    logTimer = undefined;
  }
  if (logText === "") return;
  const text = withAwsNames(logText);
  logText = "";
  if (current) sendFrame(current.socket, kindLog, "", text);
  else realStdoutWrite(text);
}

function printLine(level, text) {
  if (isJsonLog) printJson(level, { message: text });
  // AWS: each call of console is one log event, so line feeds inside it become carriage returns.
  else print(`${new Date().toISOString()}\t${current?.id ?? "undefined"}\t${level}\t${text.replaceAll("\n", "\r")}\n`);
}

function printJson(level, members) {
  if (logLevels.indexOf(level) < leastLogLevel) return;
  print(`${JSON.stringify({ timestamp: new Date().toISOString(), level, requestId: current?.id, ...members })}\n`);
}

/** One call of console. AWS: "Using structured JSON logs with Node.js": a lone object or error is kept as such. */
function printValues(level, values) {
  const [only] = values;
  if (!isJsonLog || values.length !== 1 || typeof only !== "object" || only === null) {
    printLine(level, format(...values));
    return;
  }
  try {
    printJson(level, types.isNativeError(only) ? { ...errorMembers(only), message: format(only) } : { message: only });
  } catch {
    // A value that JSON can't hold.
    printLine(level, format(only));
  }
}

function captureOutput() {
  const levels = { log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE" };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => printValues(level, values);
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk, encoding, callback) => {
      print(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
      const done = typeof encoding === "function" ? encoding : callback;
      if (done) process.nextTick(done);
      return true;
    };
  }
  process.on("exit", flushLog);
}

// ---- Errors ---------------------------------------------------------------------------------------------------------

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** The answer that a failed invocation has. AWS: "Lambda function errors in Node.js". */
function errorAnswer(error) {
  try {
    if (types.isNativeError(error) || (error?.name && error.message !== undefined && error.stack)) {
      return {
        errorType: String(error.name),
        errorMessage: withSdkHint(error, String(error.message)),
        trace: String(error.stack).split("\n"),
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
      trace: [],
    };
  }
}

function errorMembers(error) {
  const { errorType, errorMessage, trace } = errorAnswer(error);
  return { errorType, errorMessage, stackTrace: trace };
}

function printError(label, error) {
  if (isJsonLog) printJson("ERROR", { message: errorMembers(error) });
  else printLine("ERROR", `${label} \t${errorLine(error)}`);
}

function errorLine(error) {
  const { errorType, errorMessage, trace } = errorAnswer(error);
  const more = types.isNativeError(error) ? { ...error } : {};
  delete more.name;
  try {
    return JSON.stringify({ errorType, errorMessage, ...more, stack: trace });
  } catch {
    return JSON.stringify({ errorType, errorMessage, stack: trace });
  }
}

// ---- Names below localhost ------------------------------------------------------------------------------------------
// RFC 6761 §6.3: they are this machine. The C library asks DNS for them, and Portico's APIs have such names in events.

const isBelowLocalhost = (name) => typeof name === "string" && /\.localhost\.?$/i.test(name);
const asLocalhost = (lookup) =>
  function lookupByName(name, ...rest) {
    return lookup.call(this, isBelowLocalhost(name) ? "localhost" : name, ...rest);
  };

function knowNamesBelowLocalhost() {
  for (const module of [dns, dns.promises]) {
    const { lookup } = module;
    // `util.promisify` finds what its promise is made by on the function itself.
    module.lookup = Object.defineProperties(asLocalhost(lookup), Object.getOwnPropertyDescriptors(lookup));
  }
  syncBuiltinESMExports();
}

// ---- The AWS SDK ----------------------------------------------------------------------------------------------------
// AWS's runtimes have it. Here a function finds that of the project or of the machine, unless it brings its own.

/** AWS: "Building Lambda functions with Node.js": version 3 of the SDK, with what its packages are made of. */
const sdkPackage = /^@(?:aws-sdk|smithy|aws-crypto|aws)\/[^/]+/;
const missingSdk = /Cannot find (?:package|module) '(@(?:aws-sdk|smithy|aws-crypto|aws)\/[^'/]+)/;

const isNotFound = (error) => error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND";

let isSearching = false;

function resolveSdk(specifier, context, nextResolve) {
  try {
    return nextResolve(specifier, context);
  } catch (error) {
    if (isSearching || !isNotFound(error) || !sdkPackage.test(specifier)) throw error;
    isSearching = true;
    try {
      for (const folder of sdkFolders) {
        const found = resolveIn(join(folder, "index.js"), specifier, context, nextResolve);
        if (found) return found;
      }
    } finally {
      isSearching = false;
    }
    throw error;
  }
}

function resolveIn(file, specifier, context, nextResolve) {
  try {
    if (context.conditions.includes("import")) {
      return nextResolve(specifier, { ...context, parentURL: pathToFileURL(file).href });
    }
    // `nextResolve` would look beside the module that requires it.
    return { url: pathToFileURL(createRequire(file).resolve(specifier)).href, shortCircuit: true };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return undefined;
  }
}

if (sdkFolders.length > 0) {
  for (const folder of sdkFolders) {
    if (!isOfSystem(folder)) nameOnAws(join(folder, "node_modules"), "/var/runtime/node_modules");
  }
  registerHooks({ resolve: resolveSdk });
}

/** Says how a function finds a package that AWS's runtime has, in an error for which AWS has no words. */
function withSdkHint(error, text) {
  const name = isNotFound(error) ? missingSdk.exec(text)?.[1] : undefined;
  if (name === undefined) return text;
  return `${text}\nAWS's runtime has ${name}; here functions find it in the project or on the machine. Run \`npm install ${name}\` in the project's folder, or name a folder that has it by --aws-sdk.`;
}

// ---- Loading the handler --------------------------------------------------------------------------------------------

async function loadHandler() {
  if (handlerName.includes("..")) {
    throw new RuntimeError(
      "Runtime.MalformedHandlerName",
      `'${handlerName}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const moduleAndName = basename(handlerName);
  const folder = handlerName.slice(0, handlerName.length - moduleAndName.length);
  const parts = /^([^.]*)\.(.*)$/.exec(moduleAndName);
  if (!parts) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  const [, moduleName, nested] = parts;
  let found = await loadModule(resolve(taskRoot, folder, moduleName), join(folder, moduleName));
  for (const key of nested.split(".")) found = found?.[key];
  if (found === undefined || found === null) {
    throw new RuntimeError("Runtime.HandlerNotFound", `${handlerName} is undefined or not exported`);
  }
  if (typeof found !== "function") {
    throw new RuntimeError("Runtime.HandlerNotFound", `${handlerName} is not a function`);
  }
  // AWS: Node.js 24 and later refuse handlers that declare a callback.
  if (!allowsCallback && found.length >= 3 && !isStreaming(found)) {
    throw new RuntimeError(
      "Runtime.CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    );
  }
  return found;
}

async function loadModule(path, name) {
  try {
    const require = createRequire(join(taskRoot, "index.js"));
    if (existsSync(`${path}.js`)) {
      return isModuleScope(dirname(path)) ? await importFile(`${path}.js`) : require(`${path}.js`);
    }
    if (existsSync(`${path}.mjs`)) return await importFile(`${path}.mjs`);
    if (existsSync(`${path}.cjs`)) return require(`${path}.cjs`);
    // A folder with an index.js, a name without extension, or a package of node_modules.
    try {
      return require(path);
    } catch (error) {
      if (error?.code !== "MODULE_NOT_FOUND" || !String(error.message).includes(`'${path}'`)) throw error;
    }
    return require(name);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const wrapped = new RuntimeError("Runtime.UserCodeSyntaxError", String(error));
      wrapped.stack = `Runtime.UserCodeSyntaxError: ${error.stack}`;
      throw wrapped;
    }
    if (isNotFound(error)) {
      throw new RuntimeError("Runtime.ImportModuleError", withSdkHint(error, String(error)));
    }
    throw error;
  }
}

const importFile = (path) => import(pathToFileURL(path).href);

/** Does the nearest package.json up to the task's root say `"type": "module"`? */
function isModuleScope(folder) {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "package.json");
    if (existsSync(file)) {
      try {
        return JSON.parse(readFileSync(file, "utf8")).type === "module";
      } catch {
        return false;
      }
    }
    if (at === taskRoot || at === dirname(at)) return false;
  }
}

// ---- Streamed answers -----------------------------------------------------------------------------------------------
// AWS: Lambda Developer Guide, "Writing response streaming-enabled Lambda functions". What AWS's runtime does besides, and
// libraries rely on, is as in its source, aws/aws-lambda-nodejs-runtime-interface-client.

const streaming = Symbol.for("aws.lambda.runtime.handler.streaming");
const streamingHighWaterMark = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const isStreaming = (handler) => handler[streaming] === "response";
const metadataDelimiter = new Uint8Array(8);

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[streaming] = "response";
    if (typeof options?.highWaterMark === "number") handler[streamingHighWaterMark] = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: {
    /** The answer's status and headers go before its first bytes. */
    from(stream, metadata) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      const text = withAwsNames(JSON.stringify(metadata));
      stream._onBeforeFirstWrite = (write) => {
        write(text);
        write(metadataDelimiter);
      };
      return stream;
    },
  },
};

/** What a streaming handler writes its answer to. */
class ResponseStream extends Writable {
  #invocation;
  #isBegun = false;

  constructor(invocation, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#invocation = invocation;
  }

  /** Changes nothing for API Gateway. */
  setContentType() {
    if (this.#isBegun) throw new RuntimeError("InvalidStreamingOperation", "Cannot set content-type, too late.");
  }

  /** AWS quirk: `end` with a chunk does not come along here, so that metadata needs a `write`. */
  write(chunk, encoding, callback) {
    const isBytes = typeof chunk === "string" || chunk instanceof Uint8Array;
    if (!this.#isBegun && typeof this._onBeforeFirstWrite === "function") {
      this._onBeforeFirstWrite((first) => super.write(first));
    }
    this.#isBegun = true;
    const written = isBytes ? chunk : JSON.stringify(chunk);
    return super.write(typeof written === "string" ? withAwsNames(written) : written, encoding, callback);
  }

  end(chunk, ...rest) {
    return super.end(typeof chunk === "string" ? withAwsNames(chunk) : chunk, ...rest);
  }

  _write(chunk, _encoding, callback) {
    const { socket } = this.#invocation;
    let at = 0;
    const send = () => {
      // The next invocation is another one's.
      while (at < chunk.length && this.#invocation === current) {
        const piece = chunk.subarray(at, at + chunkBytesMax);
        at += piece.length;
        if (!sendFrame(socket, kindChunk, "", piece)) {
          socket.once("drain", send);
          return;
        }
      }
      callback();
    };
    send();
  }

  _final(callback) {
    if (this.#invocation === current) sendFrame(this.#invocation.socket, kindEnd, "", "");
    callback();
  }
}

async function invokeStreaming(invocation, event) {
  const stream = new ResponseStream(invocation, handler[streamingHighWaterMark]);
  const finished = new Promise((resolve, reject) => {
    stream.on("error", reject);
    stream.on("finish", resolve);
    stream.on("close", () => reject(new Error("Response stream is not finished.")));
  });
  // Heard when the handler is done; until then it is nobody's.
  finished.catch(() => {});
  try {
    const answer = handler(event, stream, makeContext(invocation));
    if (answer === null || typeof answer !== "object" || typeof answer.then !== "function") {
      throw new Error("Streaming does not support non-async handlers.");
    }
    const result = await answer;
    if (result !== undefined) console.warn("Streaming handlers ignore return values.");
    await finished;
  } catch (error) {
    settle(invocation, error ?? new Error(String(error)));
    return;
  }
  settle(invocation);
}

// ---- Invocations ----------------------------------------------------------------------------------------------------

let handler;

function makeContext(invocation) {
  let waitsForEmptyEventLoop = true;
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return waitsForEmptyEventLoop;
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waitsForEmptyEventLoop = Boolean(value);
    },
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: invocation.clientContext,
    identity: undefined,
    invokedFunctionArn: invocation.arn,
    awsRequestId: invocation.id,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
  };
  if (allowsCallback && !invocation.isStreaming) {
    context.done = (error, result) => settle(invocation, error ?? undefined, result);
    context.succeed = (result) => settle(invocation, undefined, result);
    context.fail = (error) => settle(invocation, error ?? "handled", undefined);
  }
  return context;
}

function invoke(socket, head, payload) {
  const invocation = {
    socket,
    id: head.id,
    arn: head.arn,
    deadline: head.deadline,
    wantsMemory: head.memory === true,
    clientContext: undefined,
    isStreaming: isStreaming(handler),
    isSettled: false,
    droppedBytes: 0,
    /** Called when the event loop is empty: a callback's answer waits for that. */
    onLoopEmpty: undefined,
  };
  current = invocation;
  environment._X_AMZN_TRACE_ID = head.trace ?? "";
  keepAlive.unref();
  let event;
  try {
    if (head.client) {
      invocation.clientContext = JSON.parse(Buffer.from(head.client, "base64").toString("utf8"));
    }
    event = payload.length === 0 ? {} : JSON.parse(payload.utf8Slice(0, payload.length));
  } catch (error) {
    settle(invocation, new RuntimeError("Runtime.UnmarshalError", `Unable to unmarshal input: ${error.message}`));
    return;
  }
  if (invocation.isStreaming) {
    invokeStreaming(invocation, event);
    return;
  }
  const context = makeContext(invocation);
  const callback = allowsCallback
    ? (error, result) => {
        const answer = () => settle(invocation, error ?? undefined, result);
        if (context.callbackWaitsForEmptyEventLoop) invocation.onLoopEmpty = answer;
        else setImmediate(answer);
      }
    : undefined;
  try {
    const answer = handler(event, context, callback);
    if (answer !== null && typeof answer === "object" && typeof answer.then === "function") {
      answer.then(
        (result) => settle(invocation, undefined, result),
        (error) => settle(invocation, error ?? new Error(String(error)), undefined),
      );
    } else if (!allowsCallback) {
      settle(invocation, undefined, answer);
    }
  } catch (error) {
    settle(invocation, error ?? new Error(String(error)), undefined);
  }
}

/** Answers an invocation, once. */
function settle(invocation, error, result) {
  if (invocation.isSettled || invocation !== current) return;
  let text;
  if (error === undefined) {
    try {
      if (invocation.isStreaming) text = "";
      else text = result === undefined ? "null" : withAwsNames(JSON.stringify(result) ?? "null");
    } catch (cause) {
      error = new RuntimeError("Runtime.MarshalError", `Unable to stringify response body as json: ${cause.message}`);
    }
    if (text !== undefined && text.length * 3 > responseBytesMax && Buffer.byteLength(text) > responseBytesMax) {
      answerError(invocation, {
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: `Response payload size exceeded maximum allowed payload size (${responseBytesMax} bytes).`,
      });
      return;
    }
  }
  if (error !== undefined) {
    printError("Invoke Error", error);
    answerError(invocation, errorAnswer(error));
    return;
  }
  finish(invocation, kindResult, invocation.wantsMemory ? memoryHead() : "", text);
}

function answerError(invocation, answer, isLast = false) {
  let text = withAwsNames(JSON.stringify(answer));
  if (Buffer.byteLength(text) > responseBytesMax) {
    text = withAwsNames(JSON.stringify({ ...answer, errorMessage: answer.errorMessage.slice(0, 65_536), trace: [] }));
  }
  const head = { message: withAwsNames(answer.errorMessage.slice(0, 1024)), memory: memoryMb(), isLast };
  finish(invocation, kindError, JSON.stringify(head), text);
}

const memoryMb = () => Math.ceil(process.memoryUsage.rss() / 1_048_576);
const memoryHead = () => JSON.stringify({ memory: memoryMb() });

function finish(invocation, kind, head, text) {
  invocation.isSettled = true;
  if (invocation.droppedBytes > 0) {
    logText += `[${invocation.droppedBytes} bytes of output were dropped: printed faster than they could be read]\n`;
  }
  flushLog();
  current = undefined;
  keepAlive.ref();
  sendFrame(invocation.socket, kind, head, text);
}

process.on("beforeExit", () => {
  const invocation = current;
  if (!invocation) return;
  if (invocation.onLoopEmpty) invocation.onLoopEmpty();
  else if (allowsCallback && !invocation.isStreaming) settle(invocation, undefined, null);
  else {
    settle(
      invocation,
      new RuntimeError(
        "Runtime.NodeJsExit",
        "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#process_exit_codes",
      ),
    );
  }
});

/** An error that nobody caught ends the environment, as on AWS; the invocation under way is answered with it first. */
function dieOf(error, label) {
  const invocation = current;
  if (invocation && !invocation.isSettled) {
    printError(label, error);
    answerError(invocation, errorAnswer(error), true);
    invocation.socket.end(() => realExit(129));
    setTimeout(() => realExit(129), 500);
  } else {
    realStdoutWrite(withAwsNames(`${label} ${errorLine(error)}\n`));
    tellServer({ error: errorAnswer(error) }, () => realExit(129));
  }
}

process.on("uncaughtException", (error) => dieOf(error, "Uncaught Exception"));
process.on("unhandledRejection", (reason) => {
  const error = new RuntimeError("Runtime.UnhandledPromiseRejection", String(reason));
  if (types.isNativeError(reason)) error.stack = `Runtime.UnhandledPromiseRejection: ${reason.stack}`;
  dieOf(error, "Unhandled Promise Rejection");
});

// ---- Start ----------------------------------------------------------------------------------------------------------

const control = new Socket({ fd: 3, readable: true, writable: true });
control.on("error", () => {});
control.on("close", () => realExit(0));
control.on("data", () => collectGarbage());
control.unref();

let collect;

/** The server asks for it when the process has too much memory: if that is garbage, the process need not end. */
function collectGarbage() {
  if (!collect) {
    const { setFlagsFromString } = process.getBuiltinModule("v8");
    setFlagsFromString("--expose-gc");
    collect = process.getBuiltinModule("vm").runInNewContext("gc");
    setFlagsFromString("--no-expose-gc");
  }
  collect();
  control.write("collected\n");
}

function tellServer(message, then) {
  if (message.error) {
    const { errorMessage, trace } = message.error;
    message.error = {
      ...message.error,
      errorMessage: errorMessage.slice(0, 65_536),
      trace: trace.join("\n").slice(0, 65_536).split("\n"),
    };
  }
  control.write(`${withAwsNames(JSON.stringify(message))}\n`, then);
}

captureOutput();
knowNamesBelowLocalhost();
try {
  handler = await loadHandler();
  const server = createServer(serve);
  server.unref();
  server.listen(socketPath, () => tellServer({ ready: true }));
} catch (error) {
  realStdoutWrite(withAwsNames(`Uncaught Exception ${errorLine(error)}\n`));
  tellServer({ error: errorAnswer(error) }, () => realExit(1));
}
