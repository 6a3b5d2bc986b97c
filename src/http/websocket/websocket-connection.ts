import { isUtf8 } from "node:buffer";
import type { Socket } from "node:net";
import { bounds } from "../../base/bounds.ts";
import { DeliveryWatch } from "../delivery-watch.ts";
import { passSocket, type SocketOwner } from "../socket-owner.ts";
import {
  closeCodes,
  controlBytesMax,
  isCloseCode,
  makeCloseFrame,
  makeFrame,
  makeTextFrame,
  opcodes,
  type TextFrame,
  unmask,
  validTo,
} from "./frames.ts";
import type { ClosedBy, WebSocketEvent, WebSocketLimits, WebSocketPeer, WebSocketReceiver } from "./websocket.ts";

/** What a WebSocket needs from the server that accepted its connection. */
export interface WebSocketHost {
  /** The time in ticks of the server's sweep, and in milliseconds since 1970 as it was then. */
  readonly tick: number;
  readonly nowMs: number;
  readonly ticks: { readonly send: number; readonly linger: number; readonly bodyBytesPerTick: number };
  readonly onError: (error: unknown, request: undefined) => void;
  /** Reserves memory to buffer a body or a message in. Returns false if all connections together already have too much. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  forget(socket: WebSocketConnection): void;
  count(event: WebSocketEvent): void;
}

const empty = Buffer.alloc(0);
const never = 0x3fffffff;
/** A message of more frames has many that are empty, or nearly. */
const messageFramesMax = bounds.webSocketMessageFramesMax.value;
/** A message that is begun and not finished keeps memory that others could use. */
const messageMsMax = bounds.webSocketMessageMsMax.value;
/** A message that comes in parts begins with this much room. */
const firstMessageBytes = 1_024;
/** A client that sends without a pause is read this much at a time, and then the others get their turn. */
const turnBytesMax = bounds.webSocketTurnBytesMax.value;
/** Connections that the network lost in silence are found by TCP. */
const keepAliveMs = 60_000;

const states = { open: 0, closing: 1, closed: 2 } as const;

/**
 * One WebSocket, after its handshake: reads frames strictly by RFC 6455, joins messages, answers pings and closes. While
 * nothing comes it keeps no bytes.
 */
export class WebSocketConnection implements WebSocketPeer, SocketOwner {
  readonly socket: Socket;
  lastActiveMs: number;
  readonly #host: WebSocketHost;
  readonly #limits: WebSocketLimits;
  readonly #receiver: WebSocketReceiver;
  readonly #openedMs: number;
  #state: number = states.open;
  /** The tick at which it is cut, while it closes. */
  #deadline = never;
  /** Received and not yet consumed: the beginning of a frame's head, or what a paused receiver has not taken. */
  #bytes: Buffer = empty;
  #isPaused = false;
  #isReading = false;
  /** What was received since others last had their turn, and whether they have it now. */
  #turnBytes = 0;
  #isYielding = false;
  /** The frame that is being read: how much of its payload is still to come. */
  #opcode = -1;
  #isFinal = false;
  #mask = 0;
  #left = 0;
  #offset = 0;
  /** The message whose frames are being read. */
  #isMessageBegun = false;
  #message: Buffer = empty;
  #messageBytes = 0;
  #messageFrames = 0;
  #messageBegunMs = 0;
  /** Up to where the message is valid UTF-8. */
  #validTo = 0;
  #control: Buffer = empty;
  #controlBytes = 0;
  /** The latest ping that waits for room. */
  #pingDue: Buffer | undefined = undefined;
  #isDrainDue = false;
  #delivery: DeliveryWatch | undefined = undefined;

  /** Takes over a socket whose handshake is answered; `early` is what the client sent since. */
  constructor(
    socket: Socket,
    early: Buffer,
    options: { readonly host: WebSocketHost; readonly limits: WebSocketLimits; readonly receiver: WebSocketReceiver },
  ) {
    const { host, limits, receiver } = options;
    this.socket = socket;
    this.#host = host;
    this.#limits = limits;
    this.#receiver = receiver;
    this.#openedMs = host.nowMs;
    this.lastActiveMs = host.nowMs;
    host.count("opened");
    passSocket(socket, this);
    socket.setKeepAlive(true, keepAliveMs);
    if (early.length > 0) process.nextTick(receiveEarly, this, early);
    socket.resume();
  }

  get isOpen(): boolean {
    return this.#state === states.open;
  }

  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  send(text: Buffer | string): boolean {
    return this.#hasRoom() && this.#write(makeTextFrame(text));
  }

  sendFrame(frame: TextFrame): boolean {
    return this.#hasRoom() && this.#write(frame);
  }

  #hasRoom(): boolean {
    if (this.#state !== states.open) return false;
    if (this.socket.writableLength <= this.#limits.unsentBytesMax) return true;
    this.#isDrainDue = true;
    return false;
  }

  #write({ head, payload }: TextFrame): true {
    const { socket } = this;
    this.lastActiveMs = this.#host.nowMs;
    this.#host.count("sent");
    if (payload === undefined) socket.write(head);
    else {
      socket.cork();
      socket.write(head);
      socket.write(payload);
      socket.uncork();
    }
    return true;
  }

  close(code: number, reason: string): void {
    this.#close(code, reason, "server");
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#state !== states.open || this.#isReading) return;
    this.#readOn(empty);
    if (!this.#isPaused && !this.#isYielding) this.socket.resume();
  }

  /** Called by the server's sweep. */
  sweep(): void {
    const { tick, nowMs } = this.#host;
    if (tick >= this.#deadline) this.socket.destroy();
    else if (!this.#isDelivering(tick)) this.#lose("The client does not read");
    else if (this.#state !== states.open) return;
    else if (nowMs - this.lastActiveMs >= this.#limits.idleMs) {
      this.#close(closeCodes.goingAway, "Going away", "idle");
    } else if (nowMs - this.#openedMs >= this.#limits.lifeMs) {
      this.close(closeCodes.goingAway, "Going away");
    } else if (this.#messageBytes > 0 && !this.#isPaused && nowMs - this.#messageBegunMs >= messageMsMax) {
      this.close(closeCodes.policyViolation, "Message too slow");
    } else if (this.#isDrainDue && this.socket.writableLength * 2 <= this.#limits.unsentBytesMax) this.drained();
  }

  /** Called when the server stops. */
  stop(): void {
    this.close(closeCodes.goingAway, "Going away");
  }

  destroy(): void {
    this.socket.destroy();
  }

  #isDelivering(tick: number): boolean {
    if (this.socket.writableLength === 0) {
      this.#delivery = undefined;
      return true;
    }
    this.#delivery ??= new DeliveryWatch(this.socket, tick);
    return this.#delivery.isDelivering(this.socket, tick, this.#host.ticks);
  }

  /** Called with what the socket received. */
  receive(chunk: Buffer): void {
    this.lastActiveMs = this.#host.nowMs;
    if (this.#state !== states.open) return;
    if (!this.#isPaused && !this.#isReading) this.#readOn(chunk);
    // Node delivers what it had read before a pause.
    else this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#turnBytes += chunk.length;
    if (this.#turnBytes >= turnBytesMax) this.#yield();
  }

  /** Lets others be read: libuv goes on with a socket that has more for up to 2 MB, whatever its messages cost. */
  #yield(): void {
    this.#turnBytes = 0;
    if (this.#isYielding || this.#state !== states.open) return;
    this.#isYielding = true;
    this.socket.pause();
    setImmediate(endTurn, this);
  }

  /** Called when the others had their turn. */
  goOn(): void {
    this.#isYielding = false;
    if (this.#state === states.open && !this.#isPaused) this.socket.resume();
  }

  #readOn(chunk: Buffer): void {
    const bytes =
      this.#bytes.length === 0 ? chunk : chunk.length === 0 ? this.#bytes : Buffer.concat([this.#bytes, chunk]);
    this.#bytes = empty;
    this.#isReading = true;
    // What answers these bytes goes out together: a flood of pings is not a flood of writes.
    this.socket.cork();
    try {
      const at = this.#read(bytes);
      if (at < bytes.length) this.#keep(bytes.subarray(at));
    } catch (error) {
      this.#host.onError(error, undefined);
      this.#close(closeCodes.internalError, "Internal server error", "server");
    } finally {
      this.#isReading = false;
      this.socket.uncork();
    }
    if (this.#state !== states.open) this.#forgetInput();
    else if (this.#isPaused) this.socket.pause();
  }

  /** Keeps what is not consumed: all that comes behind a pause, else less than a frame's head. */
  #keep(left: Buffer): void {
    if (this.#isPaused) this.#bytes = left;
    else {
      // In memory of its own, since a few bytes should not keep the whole of what they came with.
      this.#bytes = Buffer.allocUnsafeSlow(left.length);
      left.copy(this.#bytes);
    }
  }

  /** Reads frames until the bytes end, the receiver pauses or the WebSocket closes. Returns where it stopped. */
  #read(bytes: Buffer): number {
    let at = 0;
    while (this.#state === states.open && !this.#isPaused) {
      if (this.#opcode < 0) {
        const next = this.#readHead(bytes, at);
        if (next === at) return at;
        at = next;
        if (this.#state !== states.open) return at;
      }
      const end = Math.min(bytes.length, at + this.#left);
      if (end === at && this.#left > 0) return at;
      unmask(bytes, at, end, this.#mask, this.#offset);
      this.#offset += end - at;
      this.#left -= end - at;
      this.#takePayload(bytes, at, end);
      at = end;
    }
    return at;
  }

  /** Reads a frame's head if it is all there. Returns where the payload begins, else `at`. */
  #readHead(bytes: Buffer, at: number): number {
    const there = bytes.length - at;
    if (there < 2) return at;
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const short = second & 0x7f;
    const problem = this.#problemOf(opcode, isFinal, first & 0x70, (second & 0x80) !== 0, short);
    if (problem !== undefined) return this.#fail(closeCodes.protocolError, problem, at);
    if (opcode === opcodes.binary) {
      // AWS: API Gateway Developer Guide, "WebSocket APIs": binary frames are not supported.
      return this.#fail(closeCodes.unsupportedData, "Binary is not supported", at);
    }
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const headBytes = 2 + lengthBytes + 4;
    if (there < headBytes) return at;
    let length = short;
    if (short === 126) length = bytes.readUInt16BE(at + 2);
    else if (short === 127) {
      const high = bytes.readUInt32BE(at + 2);
      if (high > 0x7fffffff) return this.#fail(closeCodes.protocolError, "Impossible length", at);
      length = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 6);
    }
    // RFC 6455 §5.2: the least number of bytes says the length.
    if ((short === 126 && length < 126) || (short === 127 && length < 65_536)) {
      return this.#fail(closeCodes.protocolError, "Length is not minimal", at);
    }
    const isData = opcode < opcodes.close;
    const { frameBytesMax, messageBytesMax } = this.#limits;
    if (isData && (length > frameBytesMax || this.#messageBytes + length > messageBytesMax)) {
      return this.#fail(closeCodes.tooBig, "Message too big", at);
    }
    if (isData) {
      this.#isMessageBegun = true;
      if (++this.#messageFrames > messageFramesMax) return this.#fail(closeCodes.tooBig, "Too many frames", at);
    }
    this.#opcode = opcode;
    this.#isFinal = isFinal;
    this.#left = length;
    this.#offset = 0;
    this.#mask = bytes.readUInt32BE(at + headBytes - 4);
    return at + headBytes;
  }

  #problemOf(opcode: number, isFinal: boolean, reserved: number, isMasked: boolean, short: number): string | undefined {
    if (reserved !== 0) return "Reserved bits are set";
    if (!isMasked) return "Frame is not masked";
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) return "Unknown opcode";
      if (!isFinal) return "Control frame in parts";
      return short > controlBytesMax ? "Control frame too long" : undefined;
    }
    if (opcode > opcodes.binary) return "Unknown opcode";
    if (opcode === opcodes.continuation) return this.#isMessageBegun ? undefined : "Nothing to continue";
    return this.#isMessageBegun ? "Message is not finished" : undefined;
  }

  #takePayload(bytes: Buffer, from: number, to: number): void {
    if (this.#opcode >= opcodes.close) this.#takeControl(bytes, from, to);
    else this.#takeData(bytes, from, to);
  }

  #takeData(bytes: Buffer, from: number, to: number): void {
    const isFrameDone = this.#left === 0;
    if (isFrameDone) this.#opcode = -1;
    const isDone = isFrameDone && this.#isFinal;
    if (isDone && this.#messageBytes === 0) {
      // The commonest message is whole in what was received: nothing is copied.
      const message = bytes.subarray(from, to);
      this.#isMessageBegun = false;
      this.#messageFrames = 0;
      if (!isUtf8(message)) this.#fail(closeCodes.invalidData, "Invalid UTF-8", 0);
      else this.#hand(message);
      return;
    }
    if (!this.#append(bytes, from, to)) {
      this.#fail(closeCodes.tryAgainLater, "Too many messages", 0);
      return;
    }
    this.#validTo = validTo(this.#message, this.#validTo, this.#messageBytes);
    if (this.#validTo < 0 || (isDone && this.#validTo < this.#messageBytes)) {
      this.#fail(closeCodes.invalidData, "Invalid UTF-8", 0);
    } else if (isDone) {
      const message = this.#message.subarray(0, this.#messageBytes);
      this.#forgetMessage();
      this.#hand(message);
    }
  }

  /** Returns false if there is no room for it. */
  #append(bytes: Buffer, from: number, to: number): boolean {
    const size = this.#messageBytes + to - from;
    if (size > this.#message.length) {
      // It grows with what has come and not to what a head declares, which costs a client nothing.
      const room = Math.min(this.#limits.messageBytesMax, Math.max(firstMessageBytes, size * 2));
      if (!this.#host.reserve(room - this.#message.length)) return false;
      const grown = Buffer.allocUnsafeSlow(room);
      this.#message.copy(grown, 0, 0, this.#messageBytes);
      this.#message = grown;
    }
    if (this.#messageBytes === 0) this.#messageBegunMs = this.#host.nowMs;
    bytes.copy(this.#message, this.#messageBytes, from, to);
    this.#messageBytes = size;
    return true;
  }

  #forgetMessage(): void {
    this.#isMessageBegun = false;
    this.#host.release(this.#message.length);
    this.#message = empty;
    this.#messageBytes = 0;
    this.#messageFrames = 0;
    this.#validTo = 0;
  }

  #hand(message: Buffer): void {
    this.#host.count("received");
    if (!this.#receiver.onText(message)) this.#isPaused = true;
  }

  #takeControl(bytes: Buffer, from: number, to: number): void {
    if (this.#controlBytes === 0 && this.#left === 0) {
      const opcode = this.#opcode;
      this.#opcode = -1;
      this.#answerControl(opcode, bytes.subarray(from, to));
      return;
    }
    if (this.#controlBytes === 0) this.#control = Buffer.allocUnsafeSlow(controlBytesMax);
    bytes.copy(this.#control, this.#controlBytes, from, to);
    this.#controlBytes += to - from;
    if (this.#left > 0) return;
    const payload = this.#control.subarray(0, this.#controlBytes);
    const opcode = this.#opcode;
    this.#opcode = -1;
    this.#control = empty;
    this.#controlBytes = 0;
    this.#answerControl(opcode, payload);
  }

  #answerControl(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#pong(payload);
    else if (opcode === opcodes.close) this.#takeClose(payload);
  }

  /** RFC 6455 §5.5.3: of several pings that wait, the latest needs an answer. */
  #pong(payload: Buffer): void {
    if (this.socket.writableNeedDrain) this.#pingDue = Buffer.from(payload);
    else this.socket.write(makeFrame(opcodes.pong, payload));
  }

  #takeClose(payload: Buffer): void {
    if (payload.length === 0) {
      this.#close(closeCodes.none, "", "client");
      return;
    }
    const reason = payload.subarray(2);
    if (payload.length === 1 || !isCloseCode(payload.readUInt16BE(0))) {
      this.#fail(closeCodes.protocolError, "Invalid close code", 0);
    } else if (!isUtf8(reason)) this.#fail(closeCodes.invalidData, "Invalid UTF-8", 0);
    else this.#close(payload.readUInt16BE(0), reason.toString(), "client");
  }

  /** Closes because of what the client sent. */
  #fail(code: number, reason: string, at: number): number {
    this.#close(code, reason, "server");
    return at;
  }

  /** Sends the close frame, and waits a moment for the client's, or for its end. */
  #close(code: number, reason: string, by: Exclude<ClosedBy, "lost">): void {
    if (this.#state !== states.open) return;
    this.#state = states.closing;
    this.#deadline = this.#host.tick + this.#host.ticks.linger;
    if (!this.#isReading) this.#forgetInput();
    // The echo has the code and no reason. RFC 6455 §5.5.1.
    this.socket.write(makeCloseFrame(code, by === "client" ? "" : reason));
    // A server ends the connection first; the client's own close frame, if it has sent none, is read and thrown away.
    this.socket.end();
    this.socket.resume();
    this.#tellClosed(code, reason, by);
  }

  #forgetInput(): void {
    this.#bytes = empty;
    this.#control = empty;
    this.#pingDue = undefined;
    this.#forgetMessage();
  }

  #tellClosed(code: number, reason: string, by: ClosedBy): void {
    try {
      this.#receiver.onClose(code, reason, by);
    } catch (error) {
      this.#host.onError(error, undefined);
    }
  }

  /** Cuts it without a closing. */
  #lose(reason: string): void {
    const wasOpen = this.#state === states.open;
    this.#state = states.closed;
    this.socket.destroy();
    if (wasOpen) this.#tellClosed(closeCodes.lost, reason, "lost");
  }

  /** Called when the client ended its side. Without a close frame before, the WebSocket is lost. */
  peerEnded(): void {
    this.socket.destroy();
  }

  drained(): void {
    if (this.#state !== states.open) return;
    const ping = this.#pingDue;
    this.#pingDue = undefined;
    if (ping !== undefined) this.#pong(ping);
    if (!this.#isDrainDue) return;
    this.#isDrainDue = false;
    try {
      this.#receiver.onDrain();
    } catch (error) {
      this.#host.onError(error, undefined);
      this.#close(closeCodes.internalError, "Internal server error", "server");
    }
  }

  /** Called when the socket is closed. */
  gone(): void {
    const wasOpen = this.#state === states.open;
    this.#state = states.closed;
    this.#forgetInput();
    this.#host.forget(this);
    this.#host.count("closed");
    if (wasOpen) this.#tellClosed(closeCodes.lost, "", "lost");
  }
}

const endTurn = (connection: WebSocketConnection): void => connection.goOn();
const receiveEarly = (connection: WebSocketConnection, early: Buffer): void => connection.receive(early);
