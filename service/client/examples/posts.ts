/** Sign in, write posts, page through them, follow their changes: the arguments are address, username and password. */

import { connect, followPosts, items, ok, ProblemError, signIn, type Schemas } from "../src/index.js"

const [, , baseUrl = "http://127.0.0.1:8000", username = "admin", password = ""] = process.argv
let token: string | undefined
const api = connect({ baseUrl, token: () => token })
token = (await signIn(api, username, password)).access_token
const following = new AbortController()
const heard: string[] = []

const write = (title: string): Promise<Schemas["PostRead"]> =>
  ok(api.POST("/api/v1/posts", { body: { title, content: "Typed.", status: "published", tags: ["typed"] } }))

let written: number | undefined
for await (const event of followPosts(api, { signal: following.signal })) {
  heard.push(event.name)
  if (event.name === "ready") written = (await write("Told")).id
  else if (event.name === "post.added" && event.data.post_id === written) break
}
following.abort()

await write("Another")
const titles: string[] = []
const posts = items((cursor) => {
  const query = { tag: "typed", sort_by: "title", order: "asc", page_size: 1, ...(cursor ? { cursor } : {}) } as const
  return ok(api.GET("/api/v1/posts", { params: { query } }))
})
for await (const post of posts) titles.push(post.title)

const path = { post_id: written ?? 0 }
const lost = await api.PUT("/api/v1/posts/{post_id}", {
  params: { path, header: { "If-Match": '"0-0"' } },
  body: { title: "Too late" },
})
const missing = await ok(api.GET("/api/v1/posts/{post_id}", { params: { path: { post_id: 999999 } } })).catch(
  (fault: unknown) => (fault instanceof ProblemError ? fault.problem.status : undefined),
)
// @ts-expect-error a post has no such member, and the compiler knows
const nothing = (await ok(api.GET("/api/v1/posts/{post_id}", { params: { path } }))).nonsense

console.log(JSON.stringify({ heard, titles, lost: lost.error?.type, missing, nothing: nothing === undefined }))
