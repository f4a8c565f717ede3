/** Server-sent events, read with `fetch`: unlike `EventSource` it can send an `Authorization` header. */

import { ok, ProblemError, type Api } from "./api.js"
import type { paths } from "./schema.js"

/** What an event of a post says: which, and its version now. */
export type PostEventData = paths["/api/v1/posts/events"]["get"]["responses"][200]["content"]["text/event-stream"]

export type PostEvent =
  | { name: "post.added" | "post.changed" | "post.removed"; data: PostEventData; id?: string }
  | { name: "ready" | "reload"; data: Record<string, never>; id?: string }
  | { name: "end"; data: { reason: string }; id?: string }

export interface FollowOptions {
  /** One post; all that the reader may see without it. */
  postId?: number
  /** The `id` of the last event that was handled: what was missed since comes first. */
  lastEventId?: string
  signal?: AbortSignal
}

/**
 * Changes of posts, as they happen, until `signal` is aborted, or the one post is removed. A stream that ends is opened
 * again, from where it was; so is one that the service cannot have now (429, 5xx), once it may again. One that it refuses
 * (401: sign in again) throws a `ProblemError`.
 */
export async function* followPosts(api: Api, options: FollowOptions = {}): AsyncGenerator<PostEvent> {
  let { lastEventId } = options
  let retry = 3000
  while (!options.signal?.aborted) {
    let wait = 0
    try {
      for await (const event of parsed(await opened(api, options, lastEventId))) {
        if (event.id !== undefined) lastEventId = event.id
        if (event.retry !== undefined) retry = event.retry
        if (event.name !== undefined) yield { name: event.name, data: JSON.parse(event.data), id: lastEventId } as PostEvent
        if (event.name === "end" && JSON.parse(event.data).reason === "removed") return
      }
    } catch (fault) {
      if (options.signal?.aborted) return
      // A server that is being restarted answers 5xx; one that has not yet noticed that a stream broke, 429.
      if (fault instanceof ProblemError && (fault.status >= 500 || fault.status === 429)) wait = fault.retryAfter ?? 0
      else if (!(fault instanceof TypeError)) throw fault // which is fetch's name for a connection that failed
    }
    await pause(Math.max(retry, 1000 * wait), options.signal)
  }
}

async function opened(api: Api, { postId, signal }: FollowOptions, lastEventId?: string): Promise<ReadableStream<Uint8Array>> {
  const header = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }
  const common = { parseAs: "stream", signal: signal ?? null } as const
  const body =
    postId === undefined
      ? await ok(api.GET("/api/v1/posts/events", { params: { header }, ...common }))
      : await ok(api.GET("/api/v1/posts/{post_id}/events", { params: { path: { post_id: postId }, header }, ...common }))
  return body as ReadableStream<Uint8Array>
}

interface Block {
  name?: string
  data: string
  id?: string
  retry?: number
}

/** The blocks of a stream (WHATWG HTML §9.2.6). */
async function* parsed(body: ReadableStream<Uint8Array>): AsyncGenerator<Block> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let text = ""
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      text = (text + value).replace(/\r\n|\r(?!$)/g, "\n") // whether a line feed follows the last one is not known yet
      const blocks = text.split("\n\n")
      text = blocks.pop() ?? ""
      for (const block of blocks) yield fields(block)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function fields(block: string): Block {
  const found: Block = { data: "" }
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":")
    const [name, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")]
    if (name === "event") found.name = value
    else if (name === "data") found.data += found.data === "" ? value : `\n${value}`
    else if (name === "id") found.id = value
    else if (name === "retry" && /^\d+$/.test(value)) found.retry = Number(value)
  }
  return found
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, signal?.aborted ? 0 : milliseconds)
    signal?.addEventListener("abort", done)
  })
}
