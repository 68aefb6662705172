import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { type Launched, launch } from '../sandbox/process.ts';

/** One message of a server may be larger than what of it is shown; without an end it may not be. */
const MAX_MESSAGE = 8 * 1024 * 1024;

/**
 * MCP over the standard streams of a process in the sandbox. The SDK's own transport would start the server with our
 * environment and outside of the attempt's process group.
 */
export class SandboxedStdio implements Transport {
  onclose?: () => void;
  onerror?: (e: Error) => void;
  onmessage?: (m: JSONRPCMessage) => void;
  readonly #spec: Parameters<typeof launch>[0];
  readonly #buffer = new ReadBuffer({ maxBufferSize: MAX_MESSAGE });
  #process: Launched | null = null;
  #closed = false;
  /** The end of what the server said on its error stream, for the transcript. */
  said = '';

  constructor(spec: Parameters<typeof launch>[0]) {
    this.#spec = spec;
  }

  async start(): Promise<void> {
    const p = await launch(this.#spec);
    this.#process = p;
    p.child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    p.child.stderr.on('data', (chunk: Buffer) => {
      this.said = (this.said + chunk.toString()).slice(-2_000);
    });
    const over = () => void this.close();
    p.ended.then(over, over);
  }

  #read(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
      for (let m = this.#buffer.readMessage(); m !== null; m = this.#buffer.readMessage())
        this.onmessage?.(m);
    } catch (e) {
      // What is no message, or has no end, comes from a server that nothing more can be expected of.
      this.onerror?.(e as Error);
      void this.close();
    }
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#process?.child.stdin;
    if (this.#closed || !stdin?.writable) throw new Error('the server has ended');
    stdin.write(serializeMessage(message));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#process?.release();
    this.#buffer.clear();
    this.onclose?.();
  }
}
