// fastapi-expert: asks the expert before OpenCode writes a file, and records who wrote it afterwards.
import { spawn } from "node:child_process"

const EXPERT = "expert"
const WRITES = new Set(["write", "edit", "patch", "apply_patch", "multiedit"])

function ask(event, payload, directory) {
  return new Promise((resolve) => {
    const child = spawn(EXPERT, ["hook", "opencode", event], { cwd: directory, timeout: 10000 })
    let answer = ""
    child.stdout.on("data", (chunk) => (answer += chunk))
    child.on("error", () => resolve({ note: `${EXPERT} could not be started; the write was not checked` }))
    child.on("close", () => {
      try {
        resolve(JSON.parse(answer || "{}"))
      } catch {
        resolve({ note: "the expert gave no readable answer; the write was not checked" })
      }
    })
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify(payload))
  })
}

export const FastapiExpert = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    if (!WRITES.has(input.tool)) return
    const payload = { tool_name: input.tool, tool_input: output.args, session_id: input.sessionID, cwd: directory }
    const answer = await ask("pre-write", payload, directory)
    if (answer.note) console.error(`fastapi-expert: ${answer.note}`)
    if (answer.decision === "deny") throw new Error(answer.reason)
  },
  "tool.execute.after": async (input) => {
    if (!WRITES.has(input.tool)) return
    await ask(
      "post-write",
      { tool_name: input.tool, tool_input: input.args ?? {}, session_id: input.sessionID, cwd: directory },
      directory,
    )
  },
})
