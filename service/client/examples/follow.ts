/** Follow one post until it is removed: the arguments are address and post. */

import { connect, followPosts } from "../src/index.js"

const [, , baseUrl = "http://127.0.0.1:8000", post = "1"] = process.argv
const heard: string[] = []
const forever = new AbortController().signal
for await (const event of followPosts(connect({ baseUrl }), { postId: Number(post), signal: forever })) {
  heard.push(event.name === "end" ? `end: ${event.data.reason}` : `${event.name} ${event.id}`)
}
console.log(JSON.stringify({ heard }))
