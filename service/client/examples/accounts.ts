/** Sign up, sign in, change a profile, list users: `node dist/examples/accounts.js http://127.0.0.1:8000`. */

import { connect, items, ok, ProblemError, signIn } from "../src/index.js"

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8000"
const person = { email: "typed@example.org", username: "typed", first_name: "Ty", last_name: "Ped" }
const password = "Correct7!horse-battery@staple"

let token: string | undefined
const api = connect({ baseUrl, token: () => token })

const registered = await ok(api.POST("/api/v1/auth/register", { body: { ...person, password } }))
token = (await signIn(api, person.email, password)).access_token

const params = { path: { user_id: registered.user.id } }
const changed = await ok(api.PUT("/api/v1/users/{user_id}", { params, body: { bio: "From TypeScript." } }))

const names: string[] = []
const users = items((cursor) => ok(api.GET("/api/v1/users", { params: { query: { page_size: 1, ...(cursor ? { cursor } : {}) } } })))
for await (const user of users) names.push(user.username)

let refused: ProblemError | undefined
try {
  // @ts-expect-error a bio is a text, and the compiler knows
  await ok(api.PUT("/api/v1/users/{user_id}", { params, body: { bio: 7 } }))
} catch (fault) {
  if (fault instanceof ProblemError) refused = fault
}

console.log(
  JSON.stringify({
    bio: changed.bio,
    names,
    refused: { status: refused?.status, pointers: refused?.problem.errors?.map((error) => error.pointer) },
  }),
)
