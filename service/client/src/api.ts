/**
 * The service's API, typed by its OpenAPI document (`schema.ts`, which `make client` generates).
 *
 *     const api = connect({ baseUrl: "https://blog.example.org", token: () => session.accessToken })
 *     const me = await ok(api.GET("/api/v1/auth/me"))
 */

import createClient, { type Client } from "openapi-fetch"
import type { components, paths } from "./schema.js"


export type Schemas = components["schemas"]
export type Problem = Schemas["Problem"]
export type Api = Client<paths>

export interface ConnectOptions {
  /** Where the service is, with the path it is served under, without `/api/v1`. */
  baseUrl: string
  /** An access token or an API token; a function is asked before each request, so that a refreshed one is used. */
  token?: string | (() => string | undefined | Promise<string | undefined>)
  /** Send the cookies of a sign-in with `?cookies=true`, to another origin too. */
  cookies?: boolean
  fetch?: (request: Request) => Promise<Response>
}

/** A client of the service: `api.GET(path, …)`, `api.POST(path, …)`; every path, parameter and answer is typed. */
export function connect({ baseUrl, token, cookies = false, fetch }: ConnectOptions): Api {
  const api = createClient<paths>({
    baseUrl: baseUrl.replace(/\/+$/, ""),
    credentials: cookies ? "include" : "same-origin",
    ...(fetch ? { fetch } : {}),
  })
  api.use({
    async onRequest({ request }) {
      const current = typeof token === "function" ? await token() : token
      if (current && !request.headers.has("Authorization")) request.headers.set("Authorization", `Bearer ${current}`)
      return request
    },
  })
  return api
}

/** Sign in by e-mail address or username: the tokens of a new session. */
export async function signIn(api: Api, username: string, password: string): Promise<Schemas["TokenPair"]> {
  const answer = await ok(
    api.POST("/api/v1/auth/login", {
      headers: { "Content-Type": "application/x-www-form-urlencoded" }, // an OAuth2 form (RFC 6749 §4.3.2)
      body: { username, password, scope: "" },
      bodySerializer: (form) => new URLSearchParams({ username: form.username, password: form.password }).toString(),
    }),
  )
  return answer as Schemas["TokenPair"] // only `?cookies=true` is answered otherwise
}

/** An error of the service (RFC 9457). `problem.errors` has the faults of a request's fields, by JSON pointer. */
export class ProblemError extends Error {
  override readonly name = "ProblemError"

  constructor(
    readonly problem: Problem,
    readonly response: Response,
  ) {
    super(problem.detail)
  }

  get status(): number {
    return this.response.status
  }

  /** Seconds to wait before the same request may succeed, where the service says so. */
  get retryAfter(): number | undefined {
    const seconds = Number(this.response.headers.get("Retry-After") ?? Number.NaN)
    return Number.isNaN(seconds) ? undefined : seconds
  }
}

type Answer<Data> = { data?: Data; error?: unknown; response: Response }

/** What a request was answered; throws a {@link ProblemError} for every error. */
export async function ok<Result extends Answer<unknown>>(
  answer: Result | Promise<Result>,
): Promise<Exclude<Result["data"], undefined>> {
  const { data, error, response } = await answer
  if (!response.ok) throw new ProblemError(asProblem(error, response), response)
  return data as Exclude<Result["data"], undefined>
}

/** The problem that an error says it is; a proxy in between may have answered something else. */
function asProblem(error: unknown, response: Response): Problem {
  if (typeof error === "object" && error !== null && "detail" in error && "status" in error) return error as Problem
  const title = response.statusText || `Status ${response.status}`
  return { type: "about:blank", title, status: response.status, detail: title, instance: "", request_id: null }
}

interface Page<Item> {
  items: Item[]
  next_cursor: string | null
}

/** Every item of a list, page after page: `for await (const user of items((cursor) => ok(api.GET(…))))`. */
export async function* items<Item>(read: (cursor: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item> {
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    yield* page.items
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
}
