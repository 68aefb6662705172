import { AlaiError, type ErrorCode } from '#server/domain/errors.ts';
import type { ModelErrorKind } from '#server/domain/providers.ts';

/** The port between whoever asks and any model server. Nothing behind it decides; it only answers. */

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
  /** How long the first token may take, the loading of the model included; `idleMs` when absent. */
  firstTokenMs?: number;
  /** How long the server may be silent between two pieces. */
  idleMs: number;
  /** How long the whole call may take. */
  totalMs: number;
  signal: AbortSignal;
  /** The server took the request and begins to answer: from here on it is paid for, however it ends. */
  onAnswer?: (a: { scripted: boolean }) => void;
  onText?: (delta: string) => void;
}

/** What a call used. */
export interface Usage {
  /** Input that came from no cache. */
  tokensIn: number;
  /** All that was written, thinking included. */
  tokensOut: number;
  tokensCacheRead: number;
  tokensCacheWrite: number;
  /** Part of `tokensOut`. */
  tokensThinking: number;
}

export const NO_USAGE: Usage = {
  tokensIn: 0,
  tokensOut: 0,
  tokensCacheRead: 0,
  tokensCacheWrite: 0,
  tokensThinking: 0,
};

export interface ChatReply extends Usage {
  text: string;
  toolCalls: ToolCall[];
  ms: number;
  stop: 'stop' | 'length';
  /** The server says that its answers are scripted. */
  scripted: boolean;
}

export interface EmbedRequest {
  model: string;
  input: string[];
  signal: AbortSignal;
  totalMs?: number;
}

export interface Embeddings {
  vectors: number[][];
  tokensIn: number;
  scripted: boolean;
}

/** One line of a pull. `total` is 0 while nothing is known of the size. */
export interface PullProgress {
  status: string;
  digest: string | null;
  completed: number;
  total: number;
}

/** A model that lies in the server's memory now. */
export interface LoadedModel {
  model: string;
  bytes: number;
  /** When the server lets go of it, unless it is used again. */
  until: Date | null;
}

/** What only a server of local models can do. */
export interface ModelAdmin {
  loaded(signal?: AbortSignal): Promise<LoadedModel[]>;
  /** Resolves when the model is there; rejects with MODEL_MISSING when nobody knows it. Ends at once with the signal. */
  pull(model: string, o: { signal: AbortSignal; onProgress?: (p: PullProgress) => void }): Promise<void>;
  remove(model: string, signal?: AbortSignal): Promise<void>;
}

export interface InstalledModel {
  name: string;
  bytes: number;
  family: string;
  tools: boolean;
  embedding: boolean;
  /** All that its server says it can do; absent where the protocol does not say. */
  capabilities?: string[];
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
  /** Its kind; what calls are recorded under. */
  readonly id: string;
  readonly url: string;
  chat(request: ChatRequest): Promise<ChatReply>;
  probe(signal?: AbortSignal): Promise<Probe>;
  /** Tokens of context the server is asked to hold for this model; the loop fits its messages into it. */
  contextOf(model: string): Promise<number>;
  /** Absent where the protocol has none. */
  embed?(request: EmbedRequest): Promise<Embeddings>;
  /** Absent where models are not ours to load. */
  admin?: ModelAdmin;
}

/** A failed call of a model server, with what it means for whoever asked. */
export function modelError(
  code: ErrorCode,
  message: string,
  hint: string,
  kind: ModelErrorKind,
  more: { cause?: unknown; retryAfterMs?: number | undefined } = {},
): AlaiError {
  const data = {
    kind,
    transient: kind === 'transient',
    ...(more.retryAfterMs === undefined ? {} : { retryAfterMs: more.retryAfterMs }),
  };
  return new AlaiError(code, message, hint, data, more.cause);
}

/** Whether asking again, unchanged, makes sense. */
export function isTransient(e: unknown): boolean {
  return e instanceof AlaiError && e.data.transient === true;
}

/** How long the server asked to be left alone; undefined when it did not say. */
export function retryAfterOf(e: unknown): number | undefined {
  const ms = e instanceof AlaiError ? e.data.retryAfterMs : undefined;
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
