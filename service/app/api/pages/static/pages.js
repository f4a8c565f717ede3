"use strict"

const PAGES = {
  "verify-email": {
    title: "Confirm your e-mail address",
    text: "One click, and it is yours.",
    button: "Confirm",
    path: "/auth/verify-email",
    body: (token) => ({ token }),
    done: "Your address is confirmed. You can close this page.",
    token: true,
  },
  "forgot-password": {
    title: "Forgot your password?",
    text: "We send a link to your address, if there is an account with it.",
    button: "Send the link",
    field: { label: "E-mail address", type: "email", autocomplete: "email" },
    path: "/auth/password/forgot",
    body: (_token, value) => ({ email: value }),
    done: "If there is an account with this address, a mail is on its way.",
  },
  "reset-password": {
    title: "Set a new password",
    text: "At least 8 characters: upper and lower case, a digit and one of @$!%*?&. All your sessions end.",
    button: "Set the password",
    field: { label: "New password", type: "password", autocomplete: "new-password" },
    path: "/auth/password/reset",
    body: (token, value) => ({ token, new_password: value }),
    done: "Your new password is set. Sign in with it.",
    token: true,
  },
}

const page = PAGES[document.body.dataset.page]
const [heading, form, button] = ["h1", "form", "button"].map((name) => document.querySelector(name))
const [label, input] = ["label", "input"].map((name) => document.querySelector(name))
const outcome = document.getElementById("outcome")
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? ""
history.replaceState(null, "", location.pathname) // the token must not stay in the address bar or the history

heading.textContent = page.title
document.getElementById("text").textContent = page.text
button.textContent = page.button
if (page.field) {
  label.hidden = false
  label.querySelector("span").textContent = page.field.label
  input.type = page.field.type
  input.autocomplete = page.field.autocomplete
  input.focus()
}
if (page.token && !token) {
  say("This link is not complete. Open it again from the mail.", false)
} else {
  button.disabled = false
}

form.addEventListener("submit", async (event) => {
  event.preventDefault()
  button.disabled = true
  say("")
  try {
    const address = document.body.dataset.api.slice(1) + page.path
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(page.body(token, input.value)),
    })
    const body = await answer.json().catch(() => ({}))
    if (answer.ok) {
      form.hidden = true
      say(page.done, true)
      return
    }
    const details = (body.errors ?? []).map((error) => error.detail)
    say(details.length ? details.join(" ") : (body.detail ?? "That did not work. Try again later."), false)
  } catch {
    say("The service cannot be reached. Try again later.", false)
  }
  button.disabled = false
})

function say(text, good) {
  outcome.textContent = text
  outcome.className = text && (good ? "good" : "bad")
}
