import { AlaiError, type ErrorCode } from '#server/domain/errors.ts';

/** The port between the agent loop and any model server. Nothing behind it decides; it only answers. */

export interface ToolCall {
  id: string;
  name: string;
  arguments: unknown;
}

export interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  toolCalls?: ToolCall[];
  /** For role tool: which call this answers. */
  toolCallId?: string;
  toolName?: string;
}

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema of the arguments. */
  parameters: Record<string, unknown>;
}

export interface ChatRequest {
  model: string;
  messages: Message[];
  tools: ToolSpec[];
  /** JSON Schema the server is asked to hold the answer to. What comes is checked all the same. */
  format?: Record<string, unknown>;
  /** Always sent: an answer without a cap can run until the context is full. */
  maxTokens: number;
  idleMs: number;
  totalMs: number;
  signal: AbortSignal;
  onText?: (delta: string) => void;
}

export interface ChatReply {
  text: string;
  toolCalls: ToolCall[];
  /** Input that was not in the provider's cache. */
  tokensIn: number;
  /** All output, thinking included. */
  tokensOut: number;
  /** Left out by providers that have no cache or do not tell. */
  tokensCacheRead?: number;
  tokensCacheWrite?: number;
  tokensThinking?: number;
  ms: number;
  stop: 'stop' | 'length';
  /** The server says that its answers are scripted. */
  scripted: boolean;
}

export interface InstalledModel {
  name: string;
  bytes: number;
  family: string;
  tools: boolean;
  embedding: boolean;
  contextLength: number | null;
  scripted: boolean;
}

export interface Probe {
  reachable: boolean;
  version: string | null;
  models: InstalledModel[];
  /** Every model of this server is scripted. */
  scripted: boolean;
  problem: { code: ErrorCode; message: string; hint: string } | null;
}

export interface Provider {
  readonly id: string;
  readonly url: string;
  chat(request: ChatRequest): Promise<ChatReply>;
  probe(signal?: AbortSignal): Promise<Probe>;
  /** Tokens of context the server is asked to hold for this model; the loop fits its messages into it. */
  contextOf(model: string): Promise<number>;
}

/** A refusal of a model server. `transient` says whether the same request may succeed later. */
export function modelError(
  code: ErrorCode,
  message: string,
  hint: string,
  transient: boolean,
  cause?: unknown,
): AlaiError {
  return new AlaiError(code, message, hint, { transient }, cause);
}

/** Whether asking again, unchanged, makes sense. */
export function isTransient(e: unknown): boolean {
  return e instanceof AlaiError && e.data.transient === true;
}
